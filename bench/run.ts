// The kernels' benchmarks: JSON lines on standard output, tables on standard error.
//
//   npm run bench                      all of them
//   npm run bench -- matvec q4_0       one of them, with its arguments
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cpuName } from './support/cpu-load.ts';

const folder = join(import.meta.dirname, 'ops');
const names = readdirSync(folder).flatMap((file) => /^(.*)\.bench\.ts$/.exec(file)?.[1] ?? []);
const [wanted, ...args] = process.argv.slice(2);
if (wanted !== undefined && !names.includes(wanted)) {
  console.error(`There is no benchmark ${wanted}; there are ${names.join(', ')}.`);
  process.exit(2);
}

console.error(`${cpuName()}, Node ${process.versions.node}`);
for (const name of wanted === undefined ? names : [wanted]) {
  console.error(`\n${name}`);
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.bench.ts`), ...args], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
