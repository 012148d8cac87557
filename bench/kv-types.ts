// Keys and values as f32, f16 and 8 bits: decode near the end of a context of 2048, and memory.
//
//   node bench/kv-types.ts [--rounds 3] [--threads 1,2] [--resume]
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import { models, readIntoPageCache } from './support/models.ts';
import { countedRounds, latestRounds, readRecords, type Round } from './support/records.ts';
import { benchOptions, runRounds } from './support/rounds.ts';
import { runEngine } from './support/run-engine.ts';
import type { Run } from './support/run-settings.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

const TYPES = ['f32', 'f16', 'q8_0'] as const;
const CASE = 'kv-types';
const CONTEXT_LENGTH = 2048;
const GENERATED_TOKENS = 32;

type Runs = Readonly<Record<(typeof TYPES)[number], Run>>;

const options = benchOptions();
const model = models.q4_0();
await readIntoPageCache(model);

for (const threads of options.threads)
  await runRounds(CASE, threads, options, () => {
    const runs = Object.fromEntries(TYPES.map((type) => [type, runOf(type, threads)])) as unknown as Runs;
    const foreign = Math.max(...TYPES.map((type) => runs[type].foreign));
    return [{ case: CASE, value: runs.f16.decode / runs.f32.decode, foreign, details: runs }];
  });

const records = readRecords();
const header = ['keys and values', 'threads', 'decode', 'of f32', 'prefill', 'memory MB', 'peak resident MB'];
const rows = options.threads.flatMap((threads) => rowsOf(threads, latestRounds(records, CASE, threads)));
console.log(
  `\n${thisMachine().cpu}, Node ${thisMachine().node}, 1.1B Q4_0, decode at the end of ${CONTEXT_LENGTH}, tok/s\n`,
);
console.log(markdownTable(header, rows));

function runOf(kvType: string, threads: number): Run {
  const promptTokens = CONTEXT_LENGTH - GENERATED_TOKENS - 1;
  const settings = { model, threads, promptTokens, generatedTokens: GENERATED_TOKENS, kvType };
  return runEngine('realizar', { ...settings, contextLength: CONTEXT_LENGTH, cold: false });
}

function rowsOf(threads: number, rounds: readonly Round[]): string[][] {
  const runs = countedRounds(rounds).map(({ details }) => details as unknown as Runs);
  if (runs.length === 0) return [];
  return TYPES.map((type) => {
    const middle = (pick: (run: Run) => number): number => median(runs.map((one) => pick(one[type])));
    const ratio = median(runs.map((one) => one[type].decode / one.f32.decode));
    const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
    return [
      type,
      String(threads),
      middle(({ decode }) => decode).toFixed(1),
      ratio.toFixed(2),
      middle(({ prefill }) => prefill).toFixed(0),
      megabytes(middle(({ memoryBytes = 0 }) => memoryBytes)),
      megabytes(middle(({ residentBytes }) => residentBytes)),
    ];
  });
}
