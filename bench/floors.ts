// Measures what realizar promises of its speed, and fails where a ratio is under its floor on this kind of CPU.
//
//   npm run bench:floors                                  measures everything; about an hour
//   npm run bench:floors -- --case decode-q4_0,toy-forward-1
//   npm run bench:floors -- --recorded                    judges what .cache/bench/records.jsonl has, and fails for what it lacks
//
// The floors are in support/floors.ts. The class of the CPU is decided by the ggml library that llama.cpp loads.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../src/cli/median.ts';
import { cpuClass, floors, holds, type CpuClass, type Floor } from './support/floors.ts';
import { thisMachine } from './support/machine.ts';
import { countedRounds, isClean, latestRounds, readRecords, type RecordedRound } from './support/records.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

/** Which script measures a case: the first whose pattern fits. */
const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [/^(decode|prefill|load)-/, 'compare-llama-cpp.ts'],
  [/^wllama-/, 'compare-wllama.ts'],
  [/^batched-/, 'batched-decode.ts'],
  [/^prompt-lookup/, 'prompt-lookup.ts'],
  [/^toy-/, 'toy.ts'],
  [/^(busy-neighbour|oversubscribed)$/, 'threads.ts'],
];

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    recorded: { type: 'boolean', default: false },
  },
});
const names = values.case.flatMap((list) => list.split(','));
const wanted = floors.filter((floor) => names.length === 0 || names.includes(floor.case));
const unknown = names.find((name) => floors.every((floor) => floor.case !== name));
if (unknown !== undefined) {
  console.error(
    `There is no floor for ${unknown}; there are floors for ${[...new Set(floors.map((floor) => floor.case))].join(', ')}.`,
  );
  process.exit(2);
}
// What an earlier run found does not stand in for a benchmark that failed now.
const since = values.recorded ? '' : new Date().toISOString();
if (!values.recorded) measure(wanted);

const records = readRecords().filter(({ run }) => run >= since);
const cpu = classOf(records);
const verdicts = wanted.map((floor) => verdictOf(floor, latestRounds(records, floor.case, floor.threads)));
const title = `${thisMachine().cpu}: floors of the ${cpu === 'vnni' ? 'AMX or VNNI' : 'AVX2'} class`;
console.log(`\n${title}\n`);
const header = ['case', 'threads', 'median', 'floor', 'clean rounds', ''];
console.log(
  markdownTable(
    header,
    verdicts.map(({ row }) => row),
  ),
);

const failures = verdicts.flatMap(({ failure }) => failure ?? []);
for (const failure of failures) console.error(failure);
process.exit(failures.length > 0 ? 1 : 0);

function measure(of: readonly Floor[]): void {
  for (const [, script] of SCRIPTS) {
    const mine = of.filter((floor) => scriptOf(floor.case) === script);
    if (mine.length === 0) continue;
    const cases = [...new Set(mine.map((floor) => floor.case))];
    const threads = [...new Set(mine.map((floor) => floor.threads))];
    const args = [`--case=${cases.join(',')}`, `--threads=${threads.join(',')}`, `--rounds=${values.rounds}`];
    const { status } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], { stdio: 'inherit' });
    if (status !== 0) console.error(`${script} ended with ${status}`);
  }
}

function scriptOf(name: string): string | undefined {
  return SCRIPTS.find(([pattern]) => pattern.test(name))?.[1];
}

/** By the library that the latest comparison loaded; by the CPU's features where nothing was compared yet. */
function classOf(rounds: readonly RecordedRound[]): CpuClass {
  const { cpu: name } = thisMachine();
  const compared = rounds.filter(({ machine, details }) => machine.cpu === name && 'theirs' in details).at(-1);
  const theirs = compared?.details['theirs'] as { readonly library?: string } | undefined;
  return cpuClass(theirs?.library, name);
}

function verdictOf(floor: Floor, rounds: readonly RecordedRound[]): { row: string[]; failure: string | undefined } {
  const limit = `${floor.kind === 'at-least' ? '≥' : '≤'} ${floor.limit[cpu]}`;
  if (rounds.length === 0) {
    return {
      row: [floor.case, String(floor.threads), '–', limit, '0', 'not measured'],
      failure: `${floor.case} with ${threadsOf(floor)} was not measured; its floor is ${limit}`,
    };
  }
  const value = median(countedRounds(rounds).map((round) => round.value));
  const clean = rounds.filter(isClean).length;
  const held = holds(floor, cpu, value);
  return {
    row: [
      floor.case,
      String(floor.threads),
      value.toFixed(2),
      limit,
      `${clean} of ${rounds.length}`,
      held ? '' : '**missed**',
    ],
    failure: held
      ? undefined
      : `${floor.case} with ${threadsOf(floor)}: ${value.toFixed(2)}, and its floor is ${limit}`,
  };
}

function threadsOf({ threads }: Floor): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}
