// How much faster sequences decode together than one alone: tok/s at 1, 2, 4, 8 and 16 sequences.
//
//   node bench/batched-decode.ts [--case batched-4-q4_0[,…]] [--rounds 5] [--threads 1,2] [--resume]
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import { SEQUENCES, type BatchedRun } from './support/measure-batched.ts';
import { models, readIntoPageCache } from './support/models.ts';
import { countedRounds, latestRounds, readRecords, type Round } from './support/records.ts';
import { benchOptions, chosen, runRounds, summaryOf } from './support/rounds.ts';
import { runScript } from './support/run-engine.ts';
import { argumentsOf } from './support/run-settings.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

const PROMPT_TOKENS = 16;
const GENERATED_TOKENS = 32;
const CONTEXT_LENGTH = 2048;

const FORMATS = ['q4_0', 'q8_0', 'smollm2'] as const;
const cases = FORMATS.flatMap((format) =>
  SEQUENCES.slice(1).map((sequences) => ({ name: `batched-${sequences}-${format}`, format, sequences })),
);

const options = benchOptions();
const wanted = chosen(cases, options);
for (const format of FORMATS) {
  const mine = wanted.filter((one) => one.format === format);
  if (mine.length === 0) continue;
  const model = models[format]();
  await readIntoPageCache(model);
  for (const threads of options.threads)
    await runRounds(mine[0]!.name, threads, options, () => {
      const run = runOf(model, threads);
      return mine.map(({ name, sequences }) => ({
        case: name,
        value: run.rates[sequences]! / run.rates[1]!,
        foreign: run.foreign,
        details: { ...run },
      }));
    });
}

const records = readRecords();
const header = ['case', 'threads', 'tok/s', 'tok/s of one', 'ratio (each clean round)', 'same tokens', 'kernels'];
const rows = wanted.flatMap(({ name, sequences }) =>
  options.threads.flatMap((threads) => {
    const rounds = latestRounds(records, name, threads);
    return rounds.length > 0 ? [rowOf(name, sequences, threads, rounds)] : [];
  }),
);
console.log(`\n${thisMachine().cpu}, Node ${thisMachine().node}, medians of the clean rounds\n`);
console.log(markdownTable(header, rows));

function runOf(model: string, threads: number): BatchedRun {
  const settings = {
    model,
    threads,
    promptTokens: PROMPT_TOKENS,
    generatedTokens: GENERATED_TOKENS,
    contextLength: CONTEXT_LENGTH,
    cold: false,
  };
  return runScript('support/measure-batched.ts', argumentsOf(settings)) as BatchedRun;
}

function rowOf(name: string, sequences: number, threads: number, rounds: readonly Round[]): string[] {
  const runs = countedRounds(rounds).map(({ details }) => details as unknown as BatchedRun);
  const rate = (count: number): string => median(runs.map(({ rates }) => rates[count]!)).toFixed(1);
  const same = runs.every(({ sameTokens }) => sameTokens) ? 'yes' : '**no**';
  return [name, String(threads), rate(sequences), rate(1), summaryOf(rounds), same, runs[0]!.library];
}
