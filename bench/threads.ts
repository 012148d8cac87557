// What a busy machine costs: decode on two threads while another process takes one of two cores, and on a thread more than cores.
//
//   node bench/threads.ts [--case busy-neighbour,oversubscribed] [--rounds 5] [--resume]
//
// The neighbour spins on core 0, where `taskset` pins it (Linux). realizar and llama.cpp run in turn, each in a process of its
// own, and each is compared with itself on the quiet machine in the same round. With a thread too many llama.cpp is left out:
// it takes minutes for a few tokens.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import { models, readIntoPageCache } from './support/models.ts';
import { countedRounds, latestRounds, readRecords, type Round } from './support/records.ts';
import { benchOptions, chosen, runRounds, summaryOf } from './support/rounds.ts';
import { bootstrap, runEngine, type EngineName } from './support/run-engine.ts';
import type { Run } from './support/run-settings.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

/** An engine on a quiet machine with a thread a core, and then under the case's load. */
interface Pair {
  readonly before: Run;
  readonly after: Run;
}

interface Runs {
  readonly ours: Pair;
  readonly theirs?: Pair;
}

const CORES = 2;
const NEIGHBOUR_LOAD = 1;

const cases = [
  { name: 'busy-neighbour', threads: CORES },
  { name: 'oversubscribed', threads: CORES + 1 },
] as const;

if (availableParallelism() !== CORES)
  console.error(
    `This machine has ${availableParallelism()} cores; the floors are about ${CORES}. Pin it with taskset -c 0,1.`,
  );
const options = benchOptions();
const wanted = chosen(cases, options);
bootstrap('peers');
const model = models.q4_0();
await readIntoPageCache(model);

for (const { name, threads } of wanted)
  await runRounds(name, threads, options, async () => {
    const runs = name === 'busy-neighbour' ? await withNeighbour() : withThreads(threads);
    const load = name === 'busy-neighbour' ? NEIGHBOUR_LOAD : 0;
    const foreign = Math.max(
      runs.ours.before.foreign,
      runs.ours.after.foreign - load,
      runs.theirs?.before.foreign ?? 0,
    );
    return [{ case: name, value: shareLeft(runs.ours), foreign, details: { ...runs } }];
  });

const records = readRecords();
const header = [
  'case',
  'realizar, quiet',
  'then',
  'share left (each clean round)',
  'llama.cpp, quiet',
  'then',
  'share left',
];
const rows = wanted.flatMap(({ name, threads }) => {
  const rounds = latestRounds(records, name, threads);
  return rounds.length > 0 ? [rowOf(name, rounds)] : [];
});
console.log(
  `\n${thisMachine().cpu}, Node ${thisMachine().node}, decode of 1.1B Q4_0, tok/s, medians of the clean rounds\n`,
);
console.log(markdownTable(header, rows));

async function withNeighbour(): Promise<Runs> {
  const before = { ours: decode('realizar', CORES), theirs: decode('llama.cpp', CORES) };
  const neighbour = await startNeighbour();
  try {
    const after = { ours: decode('realizar', CORES), theirs: decode('llama.cpp', CORES) };
    return {
      ours: { before: before.ours, after: after.ours },
      theirs: { before: before.theirs, after: after.theirs },
    };
  } finally {
    await neighbour.stop();
  }
}

function withThreads(threads: number): Runs {
  return { ours: { before: decode('realizar', CORES), after: decode('realizar', threads) } };
}

function decode(engine: EngineName, threads: number): Run {
  return runEngine(engine, {
    model,
    threads,
    promptTokens: 16,
    generatedTokens: engine === 'realizar' ? 64 : 24,
    contextLength: 2048,
    cold: false,
  });
}

/** A process that takes all of core 0, for as long as this one lives. */
async function startNeighbour(): Promise<{ stop(): Promise<unknown> }> {
  const spin = `console.log('spins'); while (process.ppid === ${process.pid});`;
  const child = spawn('taskset', ['-c', '0', process.execPath, '-e', spin], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return {
    stop: () => {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

function shareLeft({ before, after }: Pair): number {
  return after.decode / before.decode;
}

function rowOf(name: string, rounds: readonly Round[]): string[] {
  const runs = countedRounds(rounds).map(({ details }) => details as unknown as Runs);
  const middle = (pick: (one: Runs) => number | undefined, digits = 1): string => {
    const figures = runs.map(pick).filter((figure) => figure !== undefined);
    return figures.length > 0 ? median(figures).toFixed(digits) : '–';
  };
  return [
    name,
    middle(({ ours }) => ours.before.decode),
    middle(({ ours }) => ours.after.decode),
    summaryOf(rounds),
    middle(({ theirs }) => theirs?.before.decode),
    middle(({ theirs }) => theirs?.after.decode),
    middle(({ theirs }) => theirs && shareLeft(theirs), 2),
  ];
}
