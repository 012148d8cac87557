// Compiles the AssemblyScript kernels to WebAssembly and embeds them, with the worker's source, into modules of src/generated:
// the package then needs no file beside its JavaScript, and no bundler has to find one. Each build of the kernels is a module
// of its own, so that pages fetch only the one they run.
//
//   node scripts/build-wasm.ts        compiles when an input changed; prints what it wrote
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deflateRawSync } from 'node:zlib';

// Stripping types is still experimental in Node and says so on every run.
process.removeAllListeners('warning');

const root = resolve(import.meta.dirname, '..');
const wasmFolder = join(root, 'src/backend/wasm');
const assembly = join(wasmFolder, 'assembly');
const worker = join(wasmFolder, 'worker.ts');
const output = join(root, 'src/generated');
const compiler = join(root, 'node_modules/assemblyscript');

// -O3 and -Oz are slower here: they nest expressions until the engine has to spill its vector registers.
// Locals that share a place become the same machine code, and a third fewer bytes on their way to a page.
const common = '-O2 --noAssert --runtime stub --use abort= --enable simd --runPasses coalesce-locals,reorder-locals';
const kernels = `${common} --enable threads --importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536`;

/** Two builds of one source: engines without relaxed SIMD reject a module that holds a single one of its instructions. */
const builds = {
  relaxed: `index.ts ${kernels} --enable relaxed-simd`,
  simd: `index.ts ${kernels}`,
  probe: `probe.ts ${common} --enable relaxed-simd`,
};

async function inputHash(): Promise<string> {
  const names = (await readdir(assembly, { recursive: true })).filter((name) => name.endsWith('.ts')).sort();
  const files = [
    import.meta.filename,
    worker,
    // The two that the kernels share with the host.
    join(wasmFolder, 'opcodes.ts'),
    join(wasmFolder, 'kv-dtypes.ts'),
    join(compiler, 'package.json'),
    ...names.map((name) => join(assembly, name)),
  ];
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file.slice(root.length))
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  return hash.digest('hex');
}

async function isUpToDate(hash: string): Promise<boolean> {
  return (await readFile(join(output, LAST_WRITTEN), 'utf8').catch(() => '')).startsWith(header(hash));
}

/** Written when all others are there. */
const LAST_WRITTEN = 'wasm-worker.ts';

const header = (hash: string): string => `// Written by scripts/build-wasm.ts from inputs ${hash}\n`;

async function compile(command: string, target: string): Promise<Buffer> {
  const args = [join(compiler, 'bin/asc.js'), ...command.split(' '), '-o', target];
  const child = spawn(process.execPath, args, { cwd: assembly, stdio: ['ignore', 'inherit', 'inherit'] });
  const status = await new Promise((done, failed) => child.on('error', failed).on('exit', done));
  if (status !== 0) throw new Error(`asc ended with ${String(status)}`);
  return readFile(target);
}

async function compileAll(): Promise<readonly (readonly [name: string, bytes: Buffer])[]> {
  const folder = await mkdtemp(join(tmpdir(), 'realizar-wasm-'));
  try {
    const jobs = Object.entries(builds).map(
      async ([name, command]) => [name, await compile(command, join(folder, `${name}.wasm`))] as const,
    );
    return await Promise.all(jobs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function build(hash: string): Promise<void> {
  const compiled = await compileAll();
  const workerSource = stripTypeScriptTypes(await readFile(worker, 'utf8')).replace(/[^\S\n]+$/gm, '');

  await mkdir(output, { recursive: true });
  for (const [name, bytes] of compiled) await write(hash, `wasm-${name}.ts`, 'module', pack(bytes));
  await write(hash, LAST_WRITTEN, 'workerSource', workerSource);
  console.log(`src/generated: ${compiled.map(([name, bytes]) => `${name} ${bytes.length} bytes`).join(', ')}`);
}

/** Deflated: base64 of WebAssembly as it is would hardly shrink on its way to a page. */
const pack = (bytes: Buffer): string => deflateRawSync(bytes, { level: 9 }).toString('base64');

async function write(hash: string, file: string, name: string, text: string): Promise<void> {
  const unfinished = join(output, `${file}.${process.pid}`);
  await writeFile(unfinished, `${header(hash)}export const ${name} = ${JSON.stringify(text)};\n`);
  await rename(unfinished, join(output, file));
}

const hash = await inputHash();
if (!(await isUpToDate(hash))) await build(hash);
