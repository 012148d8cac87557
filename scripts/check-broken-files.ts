// Runs the command line on broken models: each has to end with exit code 1 and one readable sentence, in under 2 s and
// under 300 MB. Random damage may also leave a model that runs.
//
//   node scripts/check-broken-files.ts
//
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { brokenGgufs, brokenSafetensors, damagedGgufs } from '../test/support/broken-models.ts';

const MAX_SECONDS = 2;
const MAX_MB = 300;
/** A sentence for people, not a dump. */
const MAX_MESSAGE = 500;
const DAMAGED = 20;
const root = resolve(import.meta.dirname, '..');
/**
 * Tells the peak of the process's memory when it ends. On Linux `maxRSS` is at least that of the parent, so the process's
 * own high-water mark is read.
 */
const REPORT = `data:text/javascript,${encodeURIComponent(`
  import { existsSync, readFileSync } from 'node:fs';
  process.on('exit', () => {
    const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
    console.error('peak ' + (/VmHWM:\\s+(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS));
  });`)}`;
const config = JSON.stringify({
  model_type: 'llama',
  vocab_size: 4,
  hidden_size: 4,
  num_hidden_layers: 1,
  intermediate_size: 4,
  num_attention_heads: 1,
  max_position_embeddings: 8,
  rms_norm_eps: 1e-5,
});

const sound = readFileSync(join(root, 'models/demo.gguf'));
const folder = mkdtempSync(join(tmpdir(), 'realizar-'));
let failures = 0;
try {
  for (const [name, bytes] of brokenGgufs(sound)) check(`GGUF, ${name}`, fileOf(bytes), [1]);
  for (const [name, bytes] of damagedGgufs(sound, DAMAGED)) check(`GGUF, ${name}`, fileOf(bytes), [0, 1]);
  for (const [name, bytes] of brokenSafetensors()) check(`SafeTensors, ${name}`, folderOf(bytes), [1]);
} finally {
  rmSync(folder, { recursive: true });
}
console.log(failures === 0 ? 'all as they should be' : `${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, 'broken.gguf');
  writeFileSync(path, bytes);
  return path;
}

function folderOf(weights: Uint8Array): string {
  const path = join(folder, 'broken');
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'config.json'), config);
  writeFileSync(join(path, 'model.safetensors'), weights);
  return path;
}

function check(name: string, model: string, codes: readonly number[]): void {
  const first = run(model);
  // On a busy machine the first attempt may have waited for others.
  const { status, lines, seconds, megabytes } = first.seconds < MAX_SECONDS ? first : run(model);
  const readable = status === 0 || (lines.length === 1 && lines[0]!.length < MAX_MESSAGE);
  const good = status !== null && codes.includes(status) && readable && seconds < MAX_SECONDS && megabytes < MAX_MB;
  if (!good) failures++;
  console.log(
    `${good ? 'ok  ' : 'FAIL'} ${seconds.toFixed(2)} s ${megabytes.toFixed(0)} MB  ${name}: ${lines.join(' | ')}`,
  );
}

function run(model: string): { status: number | null; lines: string[]; seconds: number; megabytes: number } {
  const started = performance.now();
  const args = ['--import', REPORT, join(root, 'src/cli/main.ts'), 'run', model, 'Hello', '-n', '1', '--raw'];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 30_000 });
  const seconds = (performance.now() - started) / 1000;
  const lines = stderr.trim().split('\n');
  const megabytes = Number(/^peak (\d+)$/.exec(lines.pop() ?? '')?.[1]) / 1000;
  return { status, lines, seconds, megabytes };
}
