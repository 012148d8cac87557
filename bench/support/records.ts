import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { thisMachine, type Machine } from './machine.ts';

/** More foreign load than this share of a core, in any process of a round, and the round does not count. */
export const MAX_FOREIGN = 0.15;

/** One round of one case. */
export interface Round {
  readonly case: string;
  readonly threads: number;
  readonly round: number;
  /** What the floor is about: a ratio to the peer, or microseconds. */
  readonly value: number;
  /** The most that other processes used of a core during any part of the round. */
  readonly foreign: number;
  /** Figures behind the value. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A round as it is kept: rounds of one `run` belong together, and a later run of the same case replaces an earlier one. */
export interface RecordedRound extends Round {
  readonly run: string;
  readonly machine: Machine;
}

const path = resolve(import.meta.dirname, '../../.cache/bench/records.jsonl');

export function readRecords(): RecordedRound[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RecordedRound);
}

/** The rounds of the last run of a case on this machine. */
export function latestRounds(records: readonly RecordedRound[], name: string, threads: number): RecordedRound[] {
  const { cpu } = thisMachine();
  const mine = records.filter((round) => round.case === name && round.threads === threads && round.machine.cpu === cpu);
  const run = mine.at(-1)?.run;
  return mine.filter((round) => round.run === run);
}

export function isClean({ foreign }: Pick<Round, 'foreign'>): boolean {
  return foreign <= MAX_FOREIGN;
}

/** The rounds that count; all of them where none was clean. */
export function countedRounds<R extends Pick<Round, 'foreign'>>(rounds: readonly R[]): readonly R[] {
  const clean = rounds.filter(isClean);
  return clean.length > 0 ? clean : rounds;
}

/** Keeps a round in `.cache/bench/records.jsonl` and prints its line. */
export function keepRound(run: string, round: Round): void {
  const recorded: RecordedRound = { ...round, run, machine: thisMachine() };
  mkdirSync(dirname(path), { recursive: true });
  const line = JSON.stringify(recorded);
  appendFileSync(path, `${line}\n`);
  console.log(line);
}
