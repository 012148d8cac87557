// Decode and prefill beside llama.cpp: the same file, threads and context, in turn, each run in a process of its own.
//
//   npm run bench:compare -- [--rounds 5] [--threads 1,2] [--prompt 128] [--generate 64] [MODEL ...]
//
// Without models: a TinyLlama-1.1B shape with random weights in Q4_0 and Q8_0. Prints one JSON line a round, then a table of
// medians. A round counts where other processes used less than MAX_FOREIGN of a core during both its runs.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../src/cli/median.ts';
import { cpuName } from './support/cpu-load.ts';
import { randomModel } from './support/random-model.ts';

const MAX_FOREIGN = 0.15;

interface Run {
  readonly engine: string;
  readonly library: string;
  readonly loadMs: number;
  readonly prefill: number;
  readonly decode: number;
  readonly foreign: number;
  readonly residentBytes: number;
}

interface Round {
  readonly ours: Run;
  readonly theirs: Run;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1,2' },
    prompt: { type: 'string', default: '128' },
    generate: { type: 'string', default: '64' },
  },
});

execFileSync(process.execPath, [resolve(import.meta.dirname, '../scripts/bootstrap.mjs'), 'peers'], {
  stdio: 'inherit',
});
const models =
  positionals.length > 0 ? positionals : [randomModel('tinyllama', 'q4_0'), randomModel('tinyllama', 'q8_0')];

const measure = (script: string, model: string, threads: string): Run => {
  const output = execFileSync(
    process.execPath,
    [resolve(import.meta.dirname, script), model, threads, values.prompt, values.generate],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return JSON.parse(output.trim().split('\n').at(-1)!) as Run;
};

const rows: string[][] = [];
for (const model of models) {
  for (const threads of values.threads.split(',')) {
    const rounds: Round[] = [];
    for (let round = 0; round < Number(values.rounds); round++) {
      const pair = {
        ours: measure('support/measure-realizar.ts', model, threads),
        theirs: measure('peers/measure-llama-cpp.mjs', model, threads),
      };
      rounds.push(pair);
      console.log(JSON.stringify({ model: basename(model), threads: Number(threads), round, ...pair }));
    }
    rows.push(rowOf(model, threads, rounds));
  }
}

console.log(
  `\n${cpuName()}, Node ${process.versions.node}, prompt ${values.prompt}, generated ${values.generate}, medians of the clean rounds\n`,
);
const header = [
  'model',
  'threads',
  'decode',
  'llama.cpp',
  'ratio (each clean round)',
  'prefill',
  'llama.cpp',
  'ratio',
  'load ms',
  'llama.cpp',
  'resident / file',
  'clean',
  'libraries',
];
for (const row of [header, header.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);

function rowOf(model: string, threads: string, rounds: readonly Round[]): string[] {
  const quiet = rounds.filter(({ ours, theirs }) => ours.foreign <= MAX_FOREIGN && theirs.foreign <= MAX_FOREIGN);
  const clean = quiet.length > 0 ? quiet : rounds;
  const middle = (pick: (round: Round) => number) => median(clean.map(pick));
  const ratios = (what: 'decode' | 'prefill') => clean.map(({ ours, theirs }) => ours[what] / theirs[what]);
  const decode = ratios('decode');
  return [
    basename(model),
    threads,
    middle(({ ours }) => ours.decode).toFixed(1),
    middle(({ theirs }) => theirs.decode).toFixed(1),
    `**${median(decode).toFixed(2)}** (${decode.map((ratio) => ratio.toFixed(2)).join(' ')})`,
    middle(({ ours }) => ours.prefill).toFixed(0),
    middle(({ theirs }) => theirs.prefill).toFixed(0),
    median(ratios('prefill')).toFixed(2),
    middle(({ ours }) => ours.loadMs).toFixed(0),
    middle(({ theirs }) => theirs.loadMs).toFixed(0),
    (middle(({ ours }) => ours.residentBytes) / statSync(model).size).toFixed(2),
    `${quiet.length} of ${rounds.length}`,
    `${rounds[0]!.ours.library}, ${rounds[0]!.theirs.library}`,
  ];
}
