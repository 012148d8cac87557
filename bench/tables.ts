// The section of bench/RESULTS.md for this CPU, from the rounds in .cache/bench/records.jsonl.
//
//   npm run bench:tables > section.md
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import { countedRounds, isClean, readRecords, type RecordedRound } from './support/records.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';
import { cpuClass, floors } from './support/floors.ts';

/** Which figures in a round's details a case is about: the first whose pattern fits its name. Numbers are numbers of sequences. */
const FIGURES: readonly (readonly [RegExp, RegExp])[] = [
  [/prefill/, /^prefill$/],
  [/^load/, /^(?:firstTokenMs|loadMs)$/],
  [/^batched/, /^\d+$/],
  [/^toy/, /^(?:min|p50|p99)$/],
  [/./, /^decode$/],
];

const { cpu } = thisMachine();
const latest = latestOf(readRecords().filter(({ machine }) => machine.cpu === cpu));
if (latest.length === 0) {
  console.error(`There are no rounds of ${cpu} yet: run the comparisons first.`);
  process.exit(1);
}

const libraries = [...new Set(latest.flat().flatMap(librariesOf))].sort();
const library = libraries.find((name) => name.startsWith('libggml'));
const nodes = [...new Set(latest.flat().map(({ machine }) => machine.node))].sort();
const commits = [...new Set(latest.flat().map(({ machine }) => machine.commit))];
console.log(`## ${cpu}\n`);
console.log(
  `Node ${nodes.join(', ')}; kernels and libraries: ${libraries.join(', ')}; sources ${commits.join(', ')}.\n`,
);
console.log(
  markdownTable(['case', 'threads', 'median', 'floor', 'rounds (in italics: not clean)', 'figures'], latest.map(rowOf)),
);

/** The last run of each case and number of threads, in the order of the floors. */
function latestOf(rounds: readonly RecordedRound[]): RecordedRound[][] {
  const groups = Map.groupBy(rounds, ({ case: name, threads }) => `${name} ${threads}`);
  const order = floors.map((floor) => `${floor.case} ${floor.threads}`);
  const place = (key: string): number => (order.includes(key) ? order.indexOf(key) : order.length);
  return [...groups]
    .sort(([a], [b]) => place(a) - place(b))
    .map(([, group]) => group.filter(({ run }) => run === group.at(-1)!.run));
}

function rowOf(rounds: readonly RecordedRound[]): string[] {
  const { case: name, threads } = rounds[0]!;
  const floor = floors.find((one) => one.case === name && one.threads === threads);
  const value = median(countedRounds(rounds).map((round) => round.value));
  const each = rounds.map((round) => (isClean(round) ? format(round.value) : `*${format(round.value)}*`));
  const limit = floor && `${floor.kind === 'at-least' ? '≥' : '≤'} ${floor.limit[cpuClass(library, cpu)]}`;
  return [name, String(threads), `**${format(value)}**`, limit ?? '–', each.join(' '), figuresOf(name, rounds)];
}

/** The medians of what a round's runs say of speed: `ours prefill 46.1; ours decode 25.8; …`. */
function figuresOf(name: string, rounds: readonly RecordedRound[]): string {
  const figures = FIGURES.find(([pattern]) => pattern.test(name))![1];
  const leaves = new Map<string, number[]>();
  for (const { details } of countedRounds(rounds)) collect(details, figures, [], leaves);
  return [...leaves].map(([path, values]) => `${path} ${format(median(values))}`).join('; ');
}

function collect(value: unknown, figures: RegExp, path: readonly string[], into: Map<string, number[]>): void {
  if (typeof value === 'number' && figures.test(path.at(-1)!) && !path.includes('own')) {
    const key = path.filter((part) => part !== 'rates').join(' ');
    into.set(key, [...(into.get(key) ?? []), value]);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  for (const [part, inner] of Object.entries(value)) collect(inner, figures, [...path, part], into);
}

function librariesOf({ details }: RecordedRound): string[] {
  const found: string[] = [];
  JSON.stringify(details, (key, value: unknown) => {
    if (key === 'library' && typeof value === 'string') found.push(value);
    return value;
  });
  return found;
}

function format(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
