// Runs every example as a reader would, each in a process of its own, and shows what it prints.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../examples');
const examples = readdirSync(folder).filter((file) => file.endsWith('.ts'));
const TIMEOUT_MS = 60_000;
/** The server would stay until Ctrl-C. */
const argsOf: Readonly<Record<string, readonly string[]>> = { 'api_server.ts': ['--once'] };

for (const example of examples) {
  console.log(`\n-- examples/${example}`);
  const { status, signal } = spawnSync(process.execPath, [join(folder, example), ...(argsOf[example] ?? [])], {
    stdio: 'inherit',
    timeout: TIMEOUT_MS,
  });
  if (status !== 0) {
    console.error(`examples/${example} ended with ${signal ?? status}`);
    process.exit(1);
  }
}
console.log(`\n${examples.length} examples ran`);
