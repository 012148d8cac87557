// Brings a bare checkout to life: installs what a job needs and is missing, builds the kernels, then starts the job.
// Plain JavaScript without dependencies, because it runs before they exist and on the Node that is there (20 or newer);
// everything after it runs on the Node that package.json pins.
//
//   node scripts/bootstrap.mjs start [ARGS]   serve the demo model (or what ARGS say)
//   node scripts/bootstrap.mjs build          the package's files in dist/
//   node scripts/bootstrap.mjs test           what `npm test` needs
//   node scripts/bootstrap.mjs checks         linter, formatter, package checks
//   node scripts/bootstrap.mjs peers          other engines, for comparisons
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname ?? '.', '..');
const workspaces = { test: ['test/oracles', 'test/gpu'], checks: ['scripts/checks'], peers: ['bench/peers'] };
const [job = 'start', ...args] = process.argv.slice(2);

const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

/** Whether every package of a package.json lies in node_modules at its pinned version. */
function isInstalled(folder) {
  const { dependencies = {}, devDependencies = {} } = readJson(join(folder, 'package.json'));
  return Object.entries({ ...dependencies, ...devDependencies }).every(([name, version]) => {
    const places = [join(folder, 'node_modules', name, 'package.json'), join('node_modules', name, 'package.json')];
    const manifest = places.find((place) => existsSync(join(root, place)));
    return manifest !== undefined && readJson(manifest).version === version;
  });
}

function run(command, commandArgs) {
  const { status, error } = spawnSync(command, commandArgs, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function install(wanted) {
  const missing = ['.', ...wanted].filter((folder) => !isInstalled(folder));
  if (missing.length === 0) return;
  console.error(
    `Installing packages for ${missing.map((folder) => (folder === '.' ? 'realizar' : folder)).join(', ')} (once) ...`,
  );
  // What is already there has to be named again, or npm would remove it.
  const kept = Object.values(workspaces)
    .flat()
    .filter((folder) => wanted.includes(folder) || isInstalled(folder));
  const which =
    kept.length > 0
      ? ['--include-workspace-root', ...kept.flatMap((folder) => ['-w', folder])]
      : ['--workspaces=false'];
  run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', ...which]);
}

install(workspaces[job] ?? []);
const node = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
run(node, ['scripts/build-wasm.ts']);
run(node, ['scripts/embed-shaders.ts']);

if (job === 'build') run(node, ['node_modules/tsdown/dist/run.mjs']);
if (job === 'start') buildPage();
if (job === 'start') serve(args.length > 0 ? args : ['--demo']);

/** What the server shows at `/`, in under a second. Without it, the server says there how to get it. */
function buildPage() {
  const only = ['--filter', 'browser', '--filter', 'page', '--no-dts', '--logLevel', 'error'];
  spawnSync(node, ['node_modules/tsdown/dist/run.mjs', ...only], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
}

function serve(options) {
  const server = spawn(node, [join(root, 'src/cli/main.ts'), 'serve', ...options], { stdio: 'inherit' });
  // Ctrl-C reaches the server by itself, which stops gracefully; this process has to outlive it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => server.kill('SIGTERM'));
  server.on('exit', (status) => process.exit(status ?? 1));
}
