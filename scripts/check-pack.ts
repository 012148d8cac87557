// The package as a user gets it: packs it, installs the tarball into an empty folder without install scripts,
// and tries every entry, the command and the demo model there.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const MAX_TARBALL_BYTES = 4e6;

/** Starts to work when it is imported, which only a browser's worker can. */
const WORKER = './browser/worker';

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
}

const folder = mkdtempSync(join(tmpdir(), 'realizar-pack-'));
try {
  const npm = (...args: string[]) =>
    execFileSync('npm', [...args, '--loglevel=error'], { cwd: folder, encoding: 'utf8' });
  const [{ filename, files }] = JSON.parse(npm('pack', root, '--json')) as [
    { filename: string; files: { path: string }[] },
  ];
  check(
    statSync(join(folder, filename)).size <= MAX_TARBALL_BYTES,
    `the tarball is larger than ${MAX_TARBALL_BYTES} bytes`,
  );
  check(
    files.some(({ path }) => path === 'models/demo.gguf'),
    'the demo model is not in the package',
  );

  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
  npm('install', `./${filename}`, '--ignore-scripts', '--no-audit', '--no-fund');
  checkDependencies(join(folder, 'node_modules'));

  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const entries = Object.keys(exports).filter((path) => path !== './package.json' && path !== WORKER);
  for (const entry of entries) run('--input-type=module', '-e', `await import('${entry.replace('.', 'realizar')}')`);

  const cli = join(folder, 'node_modules/realizar/dist/cli.js');
  const demo = join(folder, 'node_modules/realizar/models/demo.gguf');
  const answer = run(cli, 'run', demo, 'Once upon a time', '--raw', '-t', '0', '-n', '16');
  check(/\w+ \w+/.test(answer), `the demo model answered ${JSON.stringify(answer)}`);
  for (const file of ['page/index.html', 'browser/index.js', 'browser/worker.js'])
    check(
      files.some(({ path }) => path === `dist/${file}`),
      `dist/${file} is not in the package`,
    );
  check(!existsSync(join(folder, 'node_modules/webgpu')), 'webgpu was installed without being asked for');
  const advice = failureOf(cli, 'run', demo, 'Once', '--backend', 'webgpu');
  check(/npm i .*webgpu/.test(advice), `without webgpu, --backend webgpu says ${JSON.stringify(advice)}`);

  console.log(
    `package: ${files.length} files, ${entries.length} entries import, the demo model says: Once upon a time${answer.trimEnd()}`,
  );

  /** What a command that has to fail says. */
  function failureOf(...args: string[]): string {
    try {
      return `it succeeded: ${run(...args)}`;
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  }

  function run(...args: string[]): string {
    return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** No run-time dependency, direct or below, has an install script or a native file. */
function checkDependencies(modules: string): void {
  const paths = readdirSync(modules, { recursive: true, encoding: 'utf8' });
  check(!paths.some((path) => path.endsWith('.node')), 'a dependency brings a native file');
  for (const path of paths.filter((name) => /(^|node_modules\/)(@[^/]+\/)?[^/@]+\/package\.json$/.test(name))) {
    const { name, scripts = {} } = JSON.parse(readFileSync(join(modules, path), 'utf8')) as {
      name?: string;
      scripts?: Record<string, string>;
    };
    const script = ['preinstall', 'install', 'postinstall'].find((hook) => hook in scripts);
    check(script === undefined, `${name ?? path} has an install script (${script})`);
  }
}

function check(condition: boolean, problem: string): asserts condition {
  if (!condition) throw new Error(`package check: ${problem}`);
}
