// The Rust realizar's benchmarks by their ids, on a model of the same shape, in microseconds.
//
//   node bench/toy.ts [--case toy-forward-1,toy-generate-20] [--rounds 5] [--filter generation]
//
// Beside each figure stands the least time of the Rust original on another machine, a Xeon (rustc -O3, one thread, the least of
// 40 samples); so what is compared is the least time here too. Its generations compute every position anew; ours keep keys and
// values, and `generation_without_cache/20` shows what that is worth.
import { measure } from 'mitata';
import type { Batch } from '../src/backend/backend.ts';
import type { GenerateOptions } from '../src/engine/events.ts';
import { ModelCache } from '../src/server/model-cache.ts';
import { foreignLoad } from './support/cpu-load.ts';
import { thisMachine } from './support/machine.ts';
import { benchOptions, chosen, runRounds } from './support/rounds.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';
import { productsPerToken, toyEngine, toyFile, toyModel, toyShape } from './support/toy-model.ts';

interface Benchmark {
  readonly id: string;
  readonly call: () => unknown;
  /** Microseconds of the Rust original; undefined where there is none. */
  readonly rust?: number;
}

interface Times {
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
}

const PROMPT = [1, 5, 10];
const RUST_FORWARD: Readonly<Record<number, number>> = { 1: 5.7, 5: 27.3, 10: 58.6, 20: 134 };
const RUST_GENERATION: Readonly<Record<number, number>> = { 1: 16.3, 5: 138, 10: 433, 20: 1576 };

const options = benchOptions({ filter: '' });

const file = toyFile();
const model = await toyModel(file);
await using engine = await toyEngine(file);
const cases = [
  { name: 'toy-forward-1', id: 'model_forward/1' },
  { name: 'toy-generate-20', id: 'generation_varying_length/20' },
] as const;

if (options.filter === '') {
  for (const { name, id } of chosen(cases, options)) {
    const benchmark = all().find((one) => one.id === id)!;
    await runRounds(name, 1, options, async () => {
      const load = foreignLoad();
      const times = await timesOf(benchmark);
      return [{ case: name, value: times.min, foreign: load(), details: { id, ...times, rust: benchmark.rust } }];
    });
  }
}
if (options.cases.length === 0) await table(options.filter);

async function table(filter: string): Promise<void> {
  const { cpu, node } = thisMachine();
  const { hidden, layers, heads, intermediate, vocab } = toyShape;
  console.log(`\n${cpu}, Node ${node}, ${model.backend.info.mode}; hidden ${hidden}, ${layers} layers, ${heads} head,`);
  console.log(
    `intermediate ${intermediate}, vocabulary ${vocab}, Q8_0: ${productsPerToken(toyShape)} products a token; µs\n`,
  );
  const rows: string[][] = [];
  for (const benchmark of all().filter(({ id }) => id.includes(filter))) {
    const { min, p50, p99 } = await timesOf(benchmark);
    rows.push([
      benchmark.id,
      ...[min, p50, p99, benchmark.rust].map((time) => time?.toFixed(time < 10 ? 2 : 1) ?? '–'),
    ]);
  }
  console.log(markdownTable(['id', 'least', 'median', 'p99', 'Rust, least'], rows));
}

async function timesOf({ call }: Benchmark): Promise<Times> {
  const { min, p50, p99 } = await measure(call);
  return { min: min / 1e3, p50: p50 / 1e3, p99: p99 / 1e3 };
}

function all(): Benchmark[] {
  const forward = (tokens: number): Benchmark => {
    const batch = batchOf(tokens);
    return { id: `model_forward/${tokens}`, call: () => model.run(batch), rust: RUST_FORWARD[tokens]! };
  };
  const generation = (id: string, count: number, how: GenerateOptions, rust?: number): Benchmark => ({
    id,
    call: () => generate(PROMPT, count, how),
    ...(rust !== undefined && { rust }),
  });
  const sampled = { seed: 42, temperature: 1, topK: 0, topP: 1, minP: 0 };
  const prompts = (count: number): number[][] =>
    Array.from({ length: count }, (_, i) => [1 + (i % 10), 5 + (i % 10), 10 + (i % 10)]);
  const batched = (id: string, count: number): Benchmark => ({
    id,
    call: () => Promise.all(prompts(count).map((prompt) => generate(prompt, 5, {}))),
  });
  const cache = new ModelCache<number>({ capacity: 10 });
  return [
    ...[1, 5, 10, 20].map(forward),
    ...[1, 5, 10, 20].map((count) =>
      generation(`generation_varying_length/${count}`, count, {}, RUST_GENERATION[count]),
    ),
    { id: 'generation_without_cache/20', call: withoutCache },
    generation('generation_greedy_5_tokens', 5, {}, 138),
    generation('generation_top_k_5_tokens', 5, { ...sampled, topK: 5 }, 139),
    generation('generation_top_p_5_tokens', 5, { ...sampled, topP: 0.9 }, 143),
    generation('sampling_strategies/greedy', 10, {}),
    generation('sampling_strategies/top_k_5', 10, { ...sampled, topK: 5 }),
    generation('sampling_strategies/top_k_50', 10, { ...sampled, topK: 50 }),
    generation('sampling_strategies/top_p_0.9', 10, { ...sampled, topP: 0.9 }),
    generation('sampling_strategies/top_p_0.95', 10, { ...sampled, topP: 0.95 }),
    ...[1, 2, 4, 8, 16].map((count) => batched(`batch_generation/${count}`, count)),
    { id: 'batch_vs_single/sequential_4_prompts', call: oneByOne },
    batched('batch_vs_single/batch_4_prompts', 4),
    { id: 'cache_hit', call: async () => (await cache.getOrLoad('model', async () => 1)).release(), rust: 0.072 },
    { id: 'cache_miss_with_load', call: async () => (await toyModel(file)).dispose(), rust: 15.7 },
  ];

  async function oneByOne(): Promise<void> {
    for (const prompt of prompts(4)) await generate(prompt, 5, {});
  }
}

function generate(prompt: readonly number[], maxTokens: number, how: GenerateOptions): Promise<unknown> {
  return engine.generate(prompt, { maxTokens, temperature: 0, ignoreEos: true, ...how }).result();
}

/** As the original does it: each token runs the whole text again. */
async function withoutCache(): Promise<void> {
  for (let token = 0; token < 20; token++) await model.run(batchOf(PROMPT.length + token));
}

/** The first rows of one sequence, of which the last gives logits. */
function batchOf(tokens: number): Batch {
  const { numBlocks, blockSize } = model.cache.shape;
  const rows = Int32Array.from({ length: tokens }, (_, i) => i);
  return {
    tokenIds: rows.map((i) => 1 + i * 4),
    positions: rows,
    slotMapping: rows,
    sequenceOf: new Int32Array(tokens),
    blockTable: Int32Array.from({ length: numBlocks }, (_, i) => i),
    blocksPerSequence: numBlocks,
    blockSize,
    outputRows: Int32Array.of(tokens - 1),
  };
}
