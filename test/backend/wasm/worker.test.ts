import { open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { Arena } from '../../../src/backend/wasm/arena.ts';
import { CommandList } from '../../../src/backend/wasm/command-list.ts';
import { weightLayout } from '../../../src/backend/wasm/layouts.ts';
import {
  AS_IT_IS,
  loadListBytes,
  readLoadResults,
  stagingBytes,
  writeLoadList,
} from '../../../src/backend/wasm/load-list.ts';
import { WasmMemory } from '../../../src/backend/wasm/memory.ts';
import { compileModule, createMemory } from '../../../src/backend/wasm/module.ts';
import { GATHER_ROWS } from '../../../src/backend/wasm/opcodes.ts';
import { spawnWorker } from '../../../src/backend/wasm/spawn-worker.ts';
import { spawnThreads, Threads } from '../../../src/backend/wasm/threads.ts';
import { newBank } from './support/bank.ts';
import type { WorkerSetup } from '../../../src/backend/wasm/worker.ts';
import { writeF16 } from '../../../src/dtype/half.ts';
import { randomWeight } from './support/random-weight.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** As in a browser, where there is no `node:worker_threads`. */
const withoutNode = () => void vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);

test('in a browser the worker is a module from a blob, and says what its thread says', async () => {
  withoutNode();
  const listeners = new Map<string, ((event: unknown) => void)[]>();
  const posted: unknown[] = [];
  const created: { url: unknown; options: unknown }[] = [];
  class FakeWorker {
    terminated = false;
    constructor(url: unknown, options: unknown) {
      created.push({ url, options });
    }
    postMessage = (message: unknown) => void posted.push(message);
    addEventListener = (type: string, listener: (event: unknown) => void) =>
      void listeners.set(type, [...(listeners.get(type) ?? []), listener]);
    terminate = () => void posted.push('terminated');
  }
  vi.stubGlobal('Worker', FakeWorker);
  const worker = spawnWorker('export {};');
  expect(String(created[0]!.url)).toMatch(/^blob:/);
  expect(created[0]!.options).toMatchObject({ type: 'module' });

  const heard: unknown[] = [];
  worker.onMessage((message) => heard.push(message));
  worker.onFailure((reason) => heard.push(reason));
  listeners.get('message')!.forEach((listener) => listener({ data: 'ready' }));
  listeners.get('error')!.forEach((listener) => listener({ message: 'it broke' }));
  expect(heard).toEqual(['ready', 'it broke']);

  worker.keepProcessAlive(true);
  worker.post({ thread: 3 } as WorkerSetup);
  await worker.terminate();
  expect(posted).toEqual([{ thread: 3 }, 'terminated']);
});

/** A worker in this thread, alone with a memory: what it says, and its control words. */
async function serveHere() {
  vi.resetModules();
  const memory = new WasmMemory(createMemory(64, true), 65_536);
  const [control, scratch] = [512, 8192].map((bytes) => memory.allocate(bytes, 'test')) as [number, number];
  let deliver: (event: { data: WorkerSetup }) => void = () => {};
  const said: string[] = [];
  vi.stubGlobal('addEventListener', (_: string, listener: typeof deliver) => void (deliver = listener));
  vi.stubGlobal('postMessage', (message: string) => void said.push(message));
  await import('../../../src/backend/wasm/worker.ts');
  const words = memory.i32.subarray(control / 4, control / 4 + 128);
  const setup: WorkerSetup = {
    module: await compileModule('simd', true),
    memories: [{ memory: memory.memory, scratch }],
    thread: 0,
    threads: 1,
    kernelSet: 0,
    wide: false,
    control,
    generation: 0,
    saysDone: true,
  };
  /** Each time that it would sleep there is another task, until it is ended. */
  const run = (...tasks: { readonly task: number; readonly list: number }[]) => {
    let next = 0;
    vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      const task = tasks[next++];
      if (!task) throw new Error('terminated');
      [words[18], words[16], words[32], words[33], words[0]] = [task.task, task.list, 1, 1, next];
      return 'ok';
    });
    deliver({ data: setup });
  };
  return { memory, words, said, run };
}

const [RUN, LOAD, LISTEN] = [0, 1, 2] as const;

test('in a browser the thread takes its setup from the page, runs a list and says so', async () => {
  withoutNode();
  const { memory, words, said, run } = await serveHere();
  const cells = memory.allocate(64, 'test');
  const list = new CommandList(memory, new Arena(memory, 'test'));
  memory.f32[cells / 4] = 42;
  list.record(GATHER_ROWS, 1, [cells, 4, cells + 32, cells + 4]);
  const task = { task: RUN, list: list.finish() };
  expect(() => run(task)).toThrow('terminated');
  expect(said).toEqual(['ready', 'done']);
  expect(words[48]).toBe(1);
  expect(memory.f32[cells / 4 + 1]).toBe(42);
});

test('a thread that is asked for its times writes one entry for each command and the end, then 0', async () => {
  withoutNode();
  const { memory, words, run } = await serveHere();
  const [cells, times] = [64, 160].map((bytes) => memory.allocate(bytes, 'test')) as [number, number];
  const list = new CommandList(memory, new Arena(memory, 'test'));
  for (let i = 0; i < 3; i++) list.record(GATHER_ROWS, 1, [cells, 4, cells + 32, cells + 4]);
  const start = list.finish();
  [words[64], words[65]] = [times, 20];
  expect(() => run({ task: RUN, list: start })).toThrow('terminated');
  const entries = new Float64Array(memory.memory.buffer, times, 20);
  expect([0, 3, 6, 9, 12].map((at) => entries[at])).toEqual([start, start + 128, start + 256, start + 384, 0]);
});

test('a thread loads weights from open files, says what it could not read, and stops to listen when it is asked to', async () => {
  const builtin = process.getBuiltinModule.bind(process);
  vi.spyOn(process, 'getBuiltinModule').mockImplementation((id: string) =>
    id === 'node:worker_threads' ? undefined : builtin(id as 'node:fs'),
  );
  const { memory, said, run } = await serveHere();
  const bytes = randomWeight('q8_0', 24, 64);
  writeF16(bytes, 34 * 2 * 20, 40_000);
  const path = join(tmpdir(), `realizar-worker-${process.pid}`);
  await writeFile(path, bytes);
  const file = await open(path);
  const place = { rowBytes: 68, rows: 24, columns: 64 };
  const from = { file: { descriptor: file.fd, verify: async () => {} }, offset: 0 };
  const missing = { ...from, offset: 100 };
  const closed = { ...from, file: { ...from.file, descriptor: -1 } };
  const { layout, dtype, byteLength } = weightLayout('q8_0', 24, 64);
  const jobs = [
    { ...place, from, layout: AS_IT_IS, dtype: 0 },
    { ...place, rows: 16, from, layout, dtype },
    { ...place, from, layout, dtype },
    { ...place, from: missing, layout, dtype },
    { ...place, from: closed, layout, dtype },
  ].map((job) => ({ ...job, weight: memory.allocate(byteLength, 'test') }));
  const list = memory.allocate(loadListBytes(jobs), 'test');
  writeLoadList(memory, list, jobs, memory.allocate(stagingBytes(jobs), 'test'), 1);
  run({ task: LOAD, list }, { task: LISTEN, list: 0 });
  await file.close();
  await rm(path);
  expect(said).toEqual(['ready', 'done', 'done']);
  expect(readLoadResults(memory, list, jobs)).toEqual([
    { failed: false, outOfRange: false },
    { failed: false, outOfRange: false },
    { failed: false, outOfRange: true },
    { failed: true, outOfRange: false },
    { failed: true, outOfRange: false },
  ]);
  expect(memory.u8.slice(jobs[0]!.weight, jobs[0]!.weight + bytes.length)).toEqual(bytes);
});

test('where Atomics.waitAsync is missing, threads say when they are done', async () => {
  vi.stubGlobal('Atomics', { ...atomics(), waitAsync: undefined });
  vi.resetModules();
  const threads = await import('../../../src/backend/wasm/threads.ts');
  const module = await compileModule('simd', true);
  const bank = await newBank(module, 2);
  const { memory } = bank;
  const pool = await threads.Threads.start(bank, { workers: spawnThreads(2), module, kernelSet: 0 });
  const list = bank.recorder.commands;
  const cells = memory.allocate(64, 'test');
  for (const value of [1, 2, 3]) {
    memory.f32[cells / 4] = value;
    list.record(GATHER_ROWS, 1, [cells, 4, cells + 32, cells + 4]);
    await pool.run(bank, list.finish());
    expect(memory.f32[cells / 4 + 1]).toBe(value);
  }
  await pool.dispose();
});

/** Atomics' own functions are not enumerable. */
const atomics = () =>
  Object.fromEntries(Object.getOwnPropertyNames(Atomics).map((name) => [name, Atomics[name as 'add']]));

test('threads that cannot use their module do not start', async () => {
  const bank = await newBank(await compileModule('simd', true), 2);
  const module = await compileModule('simd', false); // it asks for memory that is not shared
  const start = Threads.start(bank, { workers: spawnThreads(2), module, kernelSet: 0 });
  await expect(start).rejects.toMatchObject({ code: 'backend-unavailable' });
});

test('a worker that fails before anybody listens is told of later', async () => {
  const worker = spawnWorker("throw new Error('it does not even begin')");
  await new Promise((resume) => setTimeout(resume, 200));
  const reason = await new Promise((resolve) => worker.onFailure(resolve));
  expect(String(reason)).toContain('it does not even begin');
});

test('threads keep a process alive while they take on another memory, and not when they are idle', async () => {
  const { spawnSync } = await import('node:child_process');
  const backend = new URL('../../../src/backend/wasm/wasm-backend.ts', import.meta.url).href;
  const program = `
    import { createWasmBackend } from ${JSON.stringify(backend)};
    const backend = await createWasmBackend({ threads: 2, maxPages: 128 });
    const parts = ['a', 'b', 'c'].map((name) => ({ weights: [{ name, dtype: 'f32', shape: [1024, 300] }] }));
    await backend.reserve({ parts, kvCache: { numLayers: 0, numKvHeads: 1, headDim: 8, numBlocks: 1, blockSize: 1 } });
    console.log(backend.info.threads);`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 20_000,
    encoding: 'utf8',
  });
  expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: '2' });
});
