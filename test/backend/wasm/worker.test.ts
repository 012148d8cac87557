import { afterEach, expect, test, vi } from 'vitest';
import { Arena } from '../../../src/backend/wasm/arena.ts';
import { CommandList } from '../../../src/backend/wasm/command-list.ts';
import { WasmMemory } from '../../../src/backend/wasm/memory.ts';
import { compileModule, createMemory } from '../../../src/backend/wasm/module.ts';
import { GATHER_ROWS } from '../../../src/backend/wasm/opcodes.ts';
import { spawnWorker } from '../../../src/backend/wasm/spawn-worker.ts';
import { spawnThreads, Threads } from '../../../src/backend/wasm/threads.ts';
import { newBank } from './support/bank.ts';
import type { WorkerSetup } from '../../../src/backend/wasm/worker.ts';

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

test('in a browser the thread takes its setup from the page, runs a list and says so', async () => {
  withoutNode();
  const memory = new WasmMemory(createMemory(64, true), 65_536);
  const [control, scratch, cells] = [512, 8192, 64].map((bytes) => memory.allocate(bytes, 'test')) as [
    number,
    number,
    number,
  ];
  const list = new CommandList(memory, new Arena(memory, 'test'));
  memory.f32[cells / 4] = 42;
  list.record(GATHER_ROWS, 1, [cells, 4, cells + 32, cells + 4]);
  const words = memory.i32.subarray(control / 4, control / 4 + 128);
  words[16] = list.finish();
  words[19] = 1; // it is alone
  words[0] = 1; // the first list is there already

  let deliver: (event: { data: WorkerSetup }) => void = () => {};
  const said: string[] = [];
  vi.stubGlobal('addEventListener', (_: string, listener: typeof deliver) => void (deliver = listener));
  vi.stubGlobal('postMessage', (message: string) => void said.push(message));
  await import('../../../src/backend/wasm/worker.ts');
  // A worker never returns: the second time that it goes to sleep, this test ends it.
  const sleep = vi
    .spyOn(Atomics, 'wait')
    .mockImplementationOnce(() => 'not-equal')
    .mockImplementationOnce(() => {
      throw new Error('terminated');
    });
  const module = await compileModule('simd', true);
  const setup: WorkerSetup = {
    module,
    memories: [{ memory: memory.memory, barrier: control + 384, scratch }],
    thread: 0,
    threads: 1,
    kernelSet: 0,
    control,
    generationWord: 0,
    generation: 0,
    saysDone: true,
  };
  expect(() => deliver({ data: setup })).toThrow('terminated');
  expect(sleep).toHaveBeenCalledTimes(2);
  expect(said).toEqual(['ready', 'done']);
  expect(words[48]).toBe(1);
  expect(memory.f32[cells / 4 + 1]).toBe(42);
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
