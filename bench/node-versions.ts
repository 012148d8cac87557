// The same decode and prefill on other versions of Node: speed, the kernel set that the probe chose, and whether the greedy tokens
// agree.
//
//   node bench/node-versions.ts [--versions 22,26] [--case node-q4_0[,…]] [--rounds 5] [--threads 1,2]
//
// Each version comes as the npm package `node`, installed into a temporary folder that stays for later runs; this one's Node is
// measured first, and the others are compared with it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../src/cli/median.ts';
import { thisMachine } from './support/machine.ts';
import { models, readIntoPageCache } from './support/models.ts';
import { countedRounds, latestRounds, readRecords, type Round } from './support/records.ts';
import { benchOptions, chosen, runRounds } from './support/rounds.ts';
import { runEngine } from './support/run-engine.ts';
import type { Run } from './support/run-settings.ts';
import { markdownTable } from '../src/cli/markdown-table.ts';

const cases = [
  { name: 'node-q4_0', model: models.q4_0, generatedTokens: 48 },
  { name: 'node-q8_0', model: models.q8_0, generatedTokens: 48 },
  { name: 'node-smollm2', model: models.smollm2, generatedTokens: 128 },
] as const;

const options = benchOptions({ versions: '22,26' });
const wanted = chosen(cases, options);
const nodes = new Map([[`Node ${process.versions.node}`, process.execPath]]);
for (const version of options.versions.split(',')) {
  const path = nodeOf(version);
  nodes.set(`Node ${execFileSync(path, ['--version'], { encoding: 'utf8' }).trim().slice(1)}`, path);
}

/** By name of the Node. */
type Runs = Readonly<Record<string, Run>>;

for (const one of wanted) {
  await readIntoPageCache(one.model());
  for (const threads of options.threads)
    await runRounds(one.name, threads, options, () => {
      const runs = Object.fromEntries([...nodes].map(([name, path]) => [name, runOn(path, one, threads)]));
      const all = Object.values(runs);
      const others = all.slice(1).map(({ decode }) => decode / all[0]!.decode);
      const foreign = Math.max(...all.map((run) => run.foreign));
      return [{ case: one.name, value: Math.min(...others), foreign, details: runs }];
    });
}

const records = readRecords();
const header = ['case', 'threads', 'on', 'decode', 'prefill', 'load ms', 'kernels', 'same greedy tokens'];
const rows = wanted.flatMap((one) =>
  options.threads.flatMap((threads) => rowsOf(one.name, threads, latestRounds(records, one.name, threads))),
);
console.log(`\n${thisMachine().cpu}, tok/s, medians of the clean rounds\n`);
console.log(markdownTable(header, rows));

function runOn(node: string, one: (typeof cases)[number], threads: number): Run {
  const settings = { model: one.model(), threads, promptTokens: 128, generatedTokens: one.generatedTokens };
  return runEngine('realizar', { ...settings, contextLength: 2048, cold: false }, node);
}

function rowsOf(name: string, threads: number, rounds: readonly Round[]): string[][] {
  const runs = countedRounds(rounds).map(({ details }) => details as Runs);
  const base = Object.values(runs[0] ?? {})[0];
  return Object.keys(runs[0] ?? {}).map((node) => {
    const middle = (figure: 'decode' | 'prefill' | 'loadMs'): string =>
      median(runs.map((one) => one[node]![figure])).toFixed(1);
    const { library, tokens } = runs[0]![node]!;
    const agree = tokens.join() === base!.tokens.join() ? 'yes' : '**no**';
    return [name, String(threads), node, middle('decode'), middle('prefill'), middle('loadMs'), library, agree];
  });
}

/** The program of the npm package `node` at the newest version of a line, such as 22. */
function nodeOf(line: string): string {
  const folder = join(tmpdir(), `realizar-node-${line}`);
  const path = join(folder, 'node_modules/node/bin/node');
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  const npm = ['install', '--no-audit', '--no-fund', '--loglevel=error', '--foreground-scripts', `node@${line}`];
  execFileSync('npm', npm, { cwd: folder, stdio: ['ignore', 2, 2] });
  return path;
}
