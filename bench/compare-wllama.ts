// Speed beside wllama (llama.cpp in WASM): the same file, text, threads and context, in turn, each in a Chromium of its own, both
// pages cross-origin isolated; and realizar in Node beside them.
//
//   npm run bench:wllama -- [--case wllama-decode-q4_0[,…]] [--rounds 5] [--threads 1,2] [--resume]
//
// peers/measure-wllama.mjs says how wllama is tuned. What is left is its build: its only WASM file has ggml's portable C kernels
// as the compiler vectorised them (none of ggml's own WASM SIMD code, and no SIMD instruction at all in the dot of Q4_0). None of
// flash attention, f32 kv cache, smaller batches and the number of sequences changed its speed by more than the noise.
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import { models, readIntoPageCache, type ModelName } from './support/models.ts';
import { countedRounds, latestRounds, readRecords, type Round } from './support/records.ts';
import { benchOptions, chosen, runRounds, summaryOf, type RoundResult } from './support/rounds.ts';
import { bootstrap, runEngine } from './support/run-engine.ts';
import type { Run } from './support/run-settings.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

const CONTEXT_LENGTH = 2048;

interface Runs {
  readonly ours: Run;
  readonly node: Run;
  readonly theirs: Run;
}

interface Case {
  readonly name: string;
  readonly model: ModelName;
  readonly measures: 'decode' | 'prefill';
}

/** Characters of the prompt (the random model's vocabulary has bytes only), and tokens generated: what wllama does in a minute. */
const LENGTHS = {
  smollm2: { textLength: 1024, generatedTokens: 64 },
  q4_0: { textLength: 64, generatedTokens: 16 },
} as const;

const cases: readonly Case[] = (['smollm2', 'q4_0'] as const).flatMap((model) =>
  (['decode', 'prefill'] as const).map((measures) => ({ name: `wllama-${measures}-${model}`, model, measures })),
);

const options = benchOptions();
const wanted = chosen(cases, options);
bootstrap('peers');
bootstrap('build');

for (const model of ['smollm2', 'q4_0'] as const) {
  const mine = wanted.filter((one) => one.model === model);
  if (mine.length === 0) continue;
  await readIntoPageCache(models[model]());
  // One run of an engine is good for both of its figures.
  for (const threads of options.threads)
    await runRounds(mine[0]!.name, threads, options, () => {
      const runs = runsOf(model, threads);
      return mine.map((one) => resultOf(one, runs));
    });
}

const records = readRecords();
const header = [
  'case',
  'threads',
  'realizar in Chromium',
  'realizar in Node',
  'wllama',
  'ratio in Chromium (each clean round)',
  'libraries',
];
const rows = wanted.flatMap((one) =>
  options.threads.flatMap((threads) => {
    const rounds = latestRounds(records, one.name, threads);
    return rounds.length > 0 ? [rowOf(one, threads, rounds)] : [];
  }),
);
const { cpu, node } = thisMachine();
console.log(`\n${cpu}, Node ${node}, wllama 3.8.1 tuned, tok/s, medians of the clean rounds\n`);
console.log(markdownTable(header, rows));

function runsOf(model: ModelName, threads: number): Runs {
  const lengths = LENGTHS[model as keyof typeof LENGTHS];
  const settings = {
    model: models[model](),
    threads,
    promptTokens: 0,
    ...lengths,
    contextLength: CONTEXT_LENGTH,
    cold: false,
  };
  const runs: Runs = {
    ours: runEngine('realizar in Chromium', settings),
    node: runEngine('realizar', settings),
    theirs: runEngine('wllama in Chromium', settings),
  };
  if (runs.ours.promptTokens !== runs.theirs.promptTokens)
    console.error(`The prompt has ${runs.ours.promptTokens} tokens here and ${runs.theirs.promptTokens} there.`);
  return runs;
}

function resultOf({ name, measures }: Case, runs: Runs): RoundResult {
  const foreign = Math.max(runs.ours.foreign, runs.node.foreign, runs.theirs.foreign);
  return { case: name, value: runs.ours[measures] / runs.theirs[measures], foreign, details: { ...runs } };
}

function rowOf({ name, measures }: Case, threads: number, rounds: readonly Round[]): string[] {
  const runs = countedRounds(rounds).map(({ details }) => details as unknown as Runs);
  const middle = (engine: keyof Runs): string => median(runs.map((one) => one[engine][measures])).toFixed(1);
  const libraries = `${runs[0]!.ours.library}; ${runs[0]!.theirs.library}`;
  return [name, String(threads), middle('ours'), middle('node'), middle('theirs'), summaryOf(rounds), libraries];
}
