// What prompt lookup is worth where an answer repeats its prompt: SmolLM2-135M summarises a text, greedily, with and without.
//
//   node bench/prompt-lookup.ts [--rounds 5] [--threads 1,2] [--resume]
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import type { LookupRun } from './support/measure-lookup.ts';
import { models } from './support/models.ts';
import { countedRounds, latestRounds, readRecords, type Round } from './support/records.ts';
import { benchOptions, chosen, runRounds, summaryOf } from './support/rounds.ts';
import { runScript } from './support/run-engine.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

const GENERATED_TOKENS = 192;

const options = benchOptions();
const wanted = chosen([{ name: 'prompt-lookup' }], options);

for (const { name } of wanted)
  for (const threads of options.threads)
    await runRounds(name, threads, options, () => {
      const args = [models.smollm2(), `--threads=${threads}`, `--generate=${GENERATED_TOKENS}`];
      const run = runScript('support/measure-lookup.ts', args) as LookupRun;
      const value = run.lookup.decode / run.plain.decode;
      return [{ case: name, value, foreign: run.foreign, details: { ...run } }];
    });

const records = readRecords();
const header = ['case', 'threads', 'lookup', 'plain', 'ratio (each clean round)', 'right guesses', 'same tokens'];
const rows = wanted.flatMap(({ name }) =>
  options.threads.flatMap((threads) => {
    const rounds = latestRounds(records, name, threads);
    return rounds.length > 0 ? [rowOf(name, threads, rounds)] : [];
  }),
);
console.log(
  `\n${thisMachine().cpu}, Node ${thisMachine().node}, SmolLM2-135M Q8_0, tok/s, medians of the clean rounds\n`,
);
console.log(markdownTable(header, rows));

function rowOf(name: string, threads: number, rounds: readonly Round[]): string[] {
  const runs = countedRounds(rounds).map(({ details }) => details as unknown as LookupRun);
  const rate = (how: 'lookup' | 'plain'): string => median(runs.map((run) => run[how].decode)).toFixed(1);
  return [
    name,
    String(threads),
    rate('lookup'),
    rate('plain'),
    summaryOf(rounds),
    `${Math.round(100 * runs[0]!.rightGuesses)} %`,
    runs.every(({ sameTokens }) => sameTokens) ? 'yes' : '**no**',
  ];
}
