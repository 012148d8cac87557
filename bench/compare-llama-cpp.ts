// Speed beside llama.cpp: the same file, token ids, threads and context, in turn, each run in a process of its own.
//
//   npm run bench:compare -- [--case decode-q4_0[,…]] [--rounds 5] [--threads 1,2] [--resume]
//
// Every round is a JSON line, kept in .cache/bench/records.jsonl; a table of medians follows. A round counts where other
// processes used at most MAX_FOREIGN of a core during both its runs; others are repeated, up to twice the rounds asked for.
import { statSync } from 'node:fs';
import { median } from '../src/cli/median.ts';
import { llamaCppCases, type Case } from './support/llama-cpp-cases.ts';
import { thisMachine } from './support/machine.ts';
import { readIntoPageCache } from './support/models.ts';
import { countedRounds, latestRounds, readRecords, type Round } from './support/records.ts';
import { benchOptions, chosen, runRounds, summaryOf, type RoundResult } from './support/rounds.ts';
import { bootstrap, runEngine } from './support/run-engine.ts';
import type { Run } from './support/run-settings.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

const CONTEXT_LENGTH = 2048;

interface Pair {
  readonly ours: Run;
  readonly theirs: Run;
}

const options = benchOptions();
const cases = chosen(llamaCppCases, options);
bootstrap('peers');
if (cases.some(({ measures }) => measures === 'first-token')) bootstrap('build');

for (const one of cases) {
  await readIntoPageCache(one.model());
  for (const threads of options.threads)
    await runRounds(one.name, threads, options, () => [resultOf(one, pairOf(one, threads))]);
}

const { cpu, node } = thisMachine();
console.log(`\n${cpu}, Node ${node}, context ${CONTEXT_LENGTH}, medians of the clean rounds\n`);
const header = [
  'case',
  'threads',
  'realizar',
  'llama.cpp',
  'its own clock',
  'ratio (each clean round)',
  'resident / file',
  'libraries',
];
const records = readRecords();
const rows = cases.flatMap((one) =>
  options.threads.flatMap((threads) => {
    const rounds = latestRounds(records, one.name, threads);
    return rounds.length > 0 ? [rowOf(one, threads, rounds)] : [];
  }),
);
console.log(markdownTable(header, rows));

function pairOf(one: Case, threads: number): Pair {
  const settings = {
    model: one.model(),
    threads,
    promptTokens: one.promptTokens,
    generatedTokens: one.generatedTokens,
    contextLength: CONTEXT_LENGTH,
    cold: one.measures === 'first-token',
  };
  return { ours: runEngine('realizar', settings), theirs: runEngine('llama.cpp', settings) };
}

/** The ratio is one of speeds, also where the figures are milliseconds. */
function resultOf(one: Case, pair: Pair): RoundResult {
  const { ours, theirs } = pair;
  const value =
    one.measures === 'first-token'
      ? theirs.firstTokenMs! / ours.firstTokenMs!
      : ours[one.measures] / theirs[one.measures];
  return { case: one.name, value, foreign: Math.max(ours.foreign, theirs.foreign), details: { ...pair } };
}

function rowOf(one: Case, threads: number, rounds: readonly Round[]): string[] {
  const pairs = countedRounds(rounds).map(({ details }) => details as unknown as Pair);
  const middle = (pick: (pair: Pair) => number | null | undefined): string => {
    const figures = pairs.map(pick).filter((figure) => typeof figure === 'number');
    return figures.length > 0 ? figureOf(median(figures)) : '–';
  };
  const figure = (run: Run): number => (one.measures === 'first-token' ? run.firstTokenMs! : run[one.measures]);
  const fileBytes = statSync(one.model()).size;
  return [
    one.name,
    String(threads),
    `${middle(({ ours }) => figure(ours))} ${one.measures === 'first-token' ? 'ms' : 'tok/s'}`,
    middle(({ theirs }) => figure(theirs)),
    middle(({ theirs }) => (one.measures === 'first-token' ? undefined : theirs.own?.[one.measures])),
    summaryOf(rounds),
    (median(pairs.map(({ ours }) => ours.residentBytes)) / fileBytes).toFixed(2),
    `${pairs[0]!.ours.library}, ${pairs[0]!.theirs.library}`,
  ];
}

function figureOf(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}
