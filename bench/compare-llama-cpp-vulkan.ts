// Speed beside llama.cpp on one GPU: realizar's WebGPU (Dawn) and llama.cpp's Vulkan, the same file, token ids and context, in turn,
// each run in a process of its own.
//
//   node bench/compare-llama-cpp-vulkan.ts [--case smollm-q4_0[,…]] [--rounds 5] [--resume]
//
// For a machine with a GPU. Weights are random: speed does not depend on what they say.
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import { readIntoPageCache } from './support/models.ts';
import { randomModel, type RandomDType, type ShapeName } from './support/random-model.ts';
import { countedRounds, latestRounds, readRecords } from './support/records.ts';
import { benchOptions, chosen, runRounds, summaryOf, type RoundResult } from './support/rounds.ts';
import { bootstrap, runEngine } from './support/run-engine.ts';
import type { Run } from './support/run-settings.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

const PROMPT_TOKENS = 512;
const GENERATED_TOKENS = 128;
const CONTEXT_LENGTH = 2048;
/** Of the host; the GPU computes. */
const THREADS = 4;

const shapes: readonly ShapeName[] = ['smollm', 'tinyllama', 'llama3-8b'];
const dtypes: readonly RandomDType[] = ['q4_0', 'q8_0'];
const cases = shapes.flatMap((shape) => dtypes.map((dtype) => ({ name: `vulkan-${shape}-${dtype}`, shape, dtype })));

interface Pair {
  readonly ours: Run;
  readonly theirs: Run;
}

const options = benchOptions();
const wanted = chosen(cases, options);
bootstrap('peers');

for (const { name, shape, dtype } of wanted) {
  const model = randomModel(shape, dtype);
  await readIntoPageCache(model);
  await runRounds(name, THREADS, options, (round) => [measure(name, model, round)]);
}

const { cpu, node } = thisMachine();
console.log(
  `\n${cpu}, Node ${node}; prompt ${PROMPT_TOKENS}, ${GENERATED_TOKENS} generated; medians of the clean rounds\n`,
);
const header = ['case', 'prefill tok/s', 'llama.cpp', 'decode tok/s', 'llama.cpp', 'ratio of decode', 'devices'];
console.log(
  markdownTable(
    header,
    wanted.flatMap(({ name }) => rowOf(name)),
  ),
);

/** Who goes first changes from round to round: a GPU that has been idle runs at another clock. */
function measure(name: string, model: string, round: number): RoundResult {
  const settings = {
    model,
    threads: THREADS,
    promptTokens: PROMPT_TOKENS,
    generatedTokens: GENERATED_TOKENS,
    contextLength: CONTEXT_LENGTH,
    cold: false,
    gpu: true,
  };
  const first = runEngine(round % 2 === 0 ? 'realizar' : 'llama.cpp', settings);
  const second = runEngine(round % 2 === 0 ? 'llama.cpp' : 'realizar', settings);
  const [ours, theirs] = round % 2 === 0 ? [first, second] : [second, first];
  return {
    case: name,
    value: ours.decode / theirs.decode,
    foreign: Math.max(ours.foreign, theirs.foreign),
    details: { ours, theirs },
  };
}

function rowOf(name: string): string[][] {
  const rounds = latestRounds(readRecords(), name, THREADS);
  if (rounds.length === 0) return [];
  const pairs = countedRounds(rounds).map(({ details }) => details as unknown as Pair);
  const figure = (pick: (pair: Pair) => number) => median(pairs.map(pick)).toFixed(0);
  const { ours, theirs } = pairs[0]!;
  return [
    [
      name,
      figure((pair) => pair.ours.prefill),
      figure((pair) => pair.theirs.prefill),
      figure((pair) => pair.ours.decode),
      figure((pair) => pair.theirs.decode),
      summaryOf(rounds),
      `${ours.library} / ${theirs.library}`,
    ],
  ];
}
