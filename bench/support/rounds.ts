import { parseArgs, type ParseArgsConfig } from 'node:util';
import { median } from '../../src/cli/median.ts';
import { countedRounds, isClean, keepRound, latestRounds, readRecords, type Round } from './records.ts';

// Noise comes and goes: after so many rounds for each one wanted, the rest of the machine is not going to be quiet.
const TRIES = 2;

export interface BenchOptions {
  /** Names of cases; all when empty. */
  readonly cases: readonly string[];
  /** Clean rounds wanted of each case. */
  readonly rounds: number;
  readonly threads: readonly number[];
  /** Goes on with the last run of each case instead of starting a new one. */
  readonly resume: boolean;
}

/**
 * `[--case NAME[,NAME]] [--rounds 5] [--threads 1,2] [--resume]`
 *
 * @param own options of one benchmark alone, with their defaults
 */
export function benchOptions<Own extends Readonly<Record<string, string>>>(own: Own = {} as Own): BenchOptions & Own {
  const { values } = parseArgs({
    options: {
      case: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string', default: '5' },
      threads: { type: 'string', default: '1,2' },
      resume: { type: 'boolean', default: false },
      ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, { type: 'string', default: value }])),
    } as const satisfies ParseArgsConfig['options'],
  });
  const { case: names, rounds, threads, resume, ...rest } = values;
  return {
    cases: names.flatMap((list) => list.split(',')),
    rounds: Number(rounds),
    threads: threads.split(',').map(Number),
    resume,
    ...(rest as unknown as Own),
  };
}

/** The cases that were asked for. Ends the process where one of them does not exist. */
export function chosen<C extends { readonly name: string }>(cases: readonly C[], { cases: names }: BenchOptions): C[] {
  const unknown = names.find((name) => cases.every((one) => one.name !== name));
  if (unknown !== undefined) {
    console.error(`There is no case ${unknown}; there are ${cases.map(({ name }) => name).join(', ')}.`);
    process.exit(2);
  }
  return cases.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** What one round found, possibly for several cases at once. */
export type RoundResult = Omit<Round, 'round' | 'threads'>;

/**
 * Repeats a measurement until `rounds` of it were clean, or twice as many have run, and keeps every round.
 *
 * @param name the case that decides what has run already when resuming
 */
export async function runRounds(
  name: string,
  threads: number,
  { rounds, resume }: BenchOptions,
  measure: (round: number) => RoundResult[] | Promise<RoundResult[]>,
): Promise<void> {
  const before = resume ? latestRounds(readRecords(), name, threads) : [];
  const run = before[0]?.run ?? new Date().toISOString();
  let clean = before.filter(isClean).length;
  for (let round = before.length; clean < rounds && round < TRIES * rounds; round++) {
    const results = await measure(round);
    for (const result of results) keepRound(run, { ...result, threads, round });
    if (results.every(isClean)) clean++;
  }
}

/** `1.05 (1.04 1.05 1.11), 3 of 4 rounds clean` */
export function summaryOf(rounds: readonly Round[]): string {
  const counted = countedRounds(rounds);
  const values = counted.map(({ value }) => value);
  const clean = rounds.filter(isClean).length;
  return `${median(values).toFixed(2)} (${values.map((value) => value.toFixed(2)).join(' ')}), ${clean} of ${rounds.length} rounds clean`;
}
