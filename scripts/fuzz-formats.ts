// Feeds damaged files to the readers of GGUF and SafeTensors: each has to be read, or refused with a typed error.
//
//   npm run fuzz [-- --inputs 100000 --seed 1]
//
// Valid files come from the generators of the tests; the damage aims at counts, lengths and offsets. Prints a summary per
// format, and the first violation with the seed that makes it again; exits with 1 if there was one.
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { memorySource } from '../src/checkpoint/byte-source.ts';
import { RealizarError } from '../src/errors.ts';
import { openGguf } from '../src/gguf/open.ts';
import { openSafetensors } from '../src/safetensors/open.ts';
import { writeSafetensors } from '../src/safetensors/write.ts';
import { ggufDescription } from '../test/support/gguf-arbitrary.ts';
import { writeGgufWithFields } from '../test/support/gguf-writer.ts';
import { mutate, randomNumbers, type MutableFile } from '../test/support/mutate.ts';
import { mutateSafetensors } from '../test/support/mutate-safetensors.ts';
import { safetensorsDescription } from '../test/support/safetensors-arbitrary.ts';

const CORPUS = 500;
/** Bounds of what any one input may cost. */
const MAX_INPUT_MS = 1000;
const MAX_GROWTH_MB = 300;
/** A sentence for people, not a dump. */
const MAX_MESSAGE = 500;

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed);

interface Target {
  readonly name: string;
  readonly corpus: readonly MutableFile[];
  readonly damage: (file: MutableFile, random: () => number) => Uint8Array;
  /** Reads everything that the file says it has. */
  readonly consume: (bytes: Uint8Array) => Promise<void>;
}

const targets: readonly Target[] = [
  {
    name: 'GGUF',
    corpus: fc.sample(ggufDescription(), { numRuns: CORPUS, seed }).map(writeGgufWithFields),
    damage: mutate,
    async consume(bytes) {
      const checkpoint = await openGguf(memorySource(bytes));
      for (const tensor of checkpoint.tensors.values()) requireLength(await checkpoint.read(tensor), tensor.byteLength);
    },
  },
  {
    name: 'SafeTensors',
    corpus: fc
      .sample(safetensorsDescription(), { numRuns: CORPUS, seed })
      .map(({ tensors, metadata }) => ({ bytes: writeSafetensors(tensors, metadata) })),
    damage: ({ bytes }, random) => mutateSafetensors(bytes, random),
    async consume(bytes) {
      const file = await openSafetensors(memorySource(bytes));
      for (const { name, byteLength } of file.tensors.values()) requireLength(await file.read(name), byteLength);
    },
  },
];

for (const target of targets) {
  if (!(await fuzz(target))) process.exitCode = 1;
}

async function fuzz({ name, corpus, damage, consume }: Target): Promise<boolean> {
  const started = performance.now();
  const rss = process.memoryUsage.rss();
  const outcomes = new Map<string, number>();
  let peak = rss;
  let slowest = 0;
  for (let i = 0; i < inputs; i++) {
    const random = randomNumbers(seed * 1_000_003 + i);
    const bytes = damage(corpus[i % corpus.length]!, random);
    const before = performance.now();
    const outcome = await outcomeOf(() => consume(bytes));
    slowest = Math.max(slowest, performance.now() - before);
    if (i % 100 === 0) peak = Math.max(peak, process.memoryUsage.rss());
    if (outcome instanceof Error || slowest > MAX_INPUT_MS) {
      console.error(`${name}: input ${i} of seed ${seed}, ${bytes.length} bytes:`, outcome);
      return false;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  const seconds = (performance.now() - started) / 1000;
  const growth = (peak - rss) / 1e6;
  const counts = [...outcomes].sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`);
  console.log(
    `${name}: ${inputs} inputs in ${seconds.toFixed(1)} s, slowest ${slowest.toFixed(0)} ms, memory +${growth.toFixed(0)} MB; ${counts.join(', ')}`,
  );
  return growth <= MAX_GROWTH_MB;
}

/** `read`, the code of a typed error that says where, or the error that should not be. */
async function outcomeOf(work: () => Promise<void>): Promise<string | Error> {
  try {
    await work();
    return 'read';
  } catch (error) {
    const located = error instanceof RealizarError && (error.field !== undefined || error.offset !== undefined);
    if (located && error.message.length < MAX_MESSAGE) return error.code;
    return error instanceof Error ? error : new Error(String(error));
  }
}

function requireLength(bytes: Uint8Array, length: number): void {
  if (bytes.byteLength !== length) throw new Error(`${bytes.byteLength} bytes were read where ${length} are`);
}
