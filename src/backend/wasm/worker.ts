// A thread of the wasm backend. This file's text, without its types, is embedded by scripts/build-wasm.ts and started from
// there, so it imports nothing and works in Node's worker threads and in the browser's workers.

export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly memories: readonly WorkerMemory[];
  readonly thread: number;
  /** Threads that run lists; those beyond only help to load. */
  readonly threads: number;
  readonly kernelSet: number;
  /** Whether V8 fuses vectors. */
  readonly wide: boolean;
  /** Where the control words lie in the first memory; see threads.ts. */
  readonly control: number;
  /** The generation that a thread that runs lists waits to see changed. */
  readonly generation: number;
  /** Say `done` after a list: for engines without Atomics.waitAsync. */
  readonly saysDone: boolean;
}

export interface WorkerMemory {
  readonly memory: WebAssembly.Memory;
  /** Scratch memory of this thread. */
  readonly scratch: number;
}

interface Port {
  postMessage(message: string): void;
  onMessage(listener: (setup: WorkerSetup) => void): void;
}

interface KernelExports {
  init_linear(kernelSet: number, scratch: number, wide: number): void;
  run(list: number, thread: number, threads: number): void;
  work(command: number, thread: number): void;
  proceed(command: number, threads: number): number;
  repack_rows(
    layout: number,
    dtype: number,
    source: number,
    sourceRowBytes: number,
    weight: number,
    rows: number,
    columns: number,
    firstGroup: number,
    groups: number,
  ): number;
}

interface Instance extends WorkerMemory {
  readonly kernels: KernelExports;
}

// What a generation asks for.
const RUN = 0;
const LOAD = 1;

// Words of the control block: 0 generation, 8 generation of load lists, 16 list, 17 memory, 18 task, 32 threads at work on it,
// 33 threads at work on it that others may join, 48 tasks that are done, 64 where the first thread writes its times, if it shall,
// and 65 how many numbers fit there.
const CONTROL_WORDS = 80;
const AT_WORK = 32;
const AT_LOADING = 33;

function serve(port: Port, setup: WorkerSetup): void {
  const instances = setup.memories.map((own) => instantiate(own, setup));
  const control = new Int32Array(setup.memories[0]!.memory.buffer, setup.control, CONTROL_WORDS);
  port.postMessage('ready');
  if (setup.thread < setup.threads) work(port, setup, instances, control);
  else help(port, setup, instances, control);
}

/** Does what each new generation asks for; sleeps in between. Returns when it asks to listen for another setup. */
function work(port: Port, setup: WorkerSetup, instances: readonly Instance[], control: Int32Array): void {
  const { thread, threads } = setup;
  for (let { generation } = setup; ;) {
    Atomics.wait(control, 0, generation);
    if (Atomics.load(control, 0) === generation) continue;
    generation = (generation + 1) | 0;
    const task = Atomics.load(control, 18);
    const list = Atomics.load(control, 16) >>> 0;
    const instance = instances[Atomics.load(control, 17)]!;
    if (task === RUN) run(instance, list, thread, threads, Atomics.load(control, 64) >>> 0, control[65]!);
    if (task === LOAD) load(instance, list, thread);
    leave(port, setup, control, task === LOAD ? AT_LOADING : AT_WORK);
    if (task !== RUN && task !== LOAD) return;
  }
}

/** Takes part in load lists only, each as soon as it can, until it is terminated. */
function help(port: Port, setup: WorkerSetup, instances: readonly Instance[], control: Int32Array): void {
  for (let seen: number | undefined; ;) {
    const generation = Atomics.load(control, 8);
    if (generation === seen) {
      Atomics.wait(control, 8, generation);
      continue;
    }
    seen = generation;
    if (!join(control)) continue;
    load(instances[Atomics.load(control, 17)]!, Atomics.load(control, 16) >>> 0, setup.thread);
    leave(port, setup, control, AT_LOADING);
  }
}

/** @returns false where no list is being loaded, or all but the last chunks were: nobody waits for who did not join */
function join(control: Int32Array): boolean {
  for (let threads = Atomics.load(control, AT_LOADING); threads > 0;) {
    const found = Atomics.compareExchange(control, AT_LOADING, threads, threads + 1);
    if (found === threads) return true;
    threads = found;
  }
  return false;
}

/** The last one says that the task is done. */
function leave(port: Port, { saysDone }: WorkerSetup, control: Int32Array, word: number): void {
  if (Atomics.sub(control, word, 1) > 1) return;
  Atomics.add(control, 48, 1);
  Atomics.notify(control, 48);
  if (saysDone) port.postMessage('done');
}

function run(
  { memory, kernels }: Instance,
  list: number,
  thread: number,
  threads: number,
  times: number,
  numbers: number,
): void {
  if (times === 0 || thread > 0) kernels.run(list, thread, threads);
  else runTimed(kernels, list, threads, new Float64Array(memory.buffer, times, numbers));
}

/** Runs a list as the first thread; `times`: command, ms of work, ms of waiting for the others; and so on, then 0. */
function runTimed(kernels: KernelExports, list: number, threads: number, times: Float64Array): void {
  let at = 0;
  for (let command = list; command !== 0;) {
    const start = performance.now();
    kernels.work(command, 0);
    const worked = performance.now();
    const next = kernels.proceed(command, threads) >>> 0;
    if (at + 3 < times.length) {
      times[at++] = command;
      times[at++] = worked - start;
      times[at++] = performance.now() - worked;
    }
    command = next;
  }
  times[at] = 0;
}

function instantiate(own: WorkerMemory, { module, kernelSet, wide }: WorkerSetup): Instance {
  const instance = new WebAssembly.Instance(module, { env: { memory: own.memory } });
  const kernels = instance.exports as unknown as KernelExports;
  kernels.init_linear(kernelSet, own.scratch, Number(wide));
  return { ...own, kernels };
}

const GROUP_ROWS = 8;

/** Reads weights from open files and packs them, chunk by chunk as long as there are any. load-list.ts has the words. */
function load({ memory, kernels }: Instance, list: number, thread: number): void {
  const fs = process.getBuiltinModule('node:fs');
  const words = new Int32Array(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const at = list / 4;
  const [count, stagingStart, stagingBytes, loaders] = [
    words[at]!,
    words[at + 1]! >>> 0,
    words[at + 2]!,
    words[at + 3]!,
  ];
  if (thread >= loaders) return; // it was written before anybody thought of this thread
  const staging = stagingStart + thread * stagingBytes;
  for (let job = at + 16; job < at + 16 * (count + 1); job += 16) {
    const [descriptor, low, high, layout, dtype, rowBytes, weight, rows, columns, groupsPerChunk] = words.subarray(
      job,
      job + 10,
    ) as unknown as number[] as [number, number, number, number, number, number, number, number, number, number];
    const offset = (high >>> 0) * 2 ** 32 + (low >>> 0);
    const rowsPerChunk = groupsPerChunk * GROUP_ROWS;
    for (;;) {
      const row = Atomics.add(words, job + 10, 1) * rowsPerChunk;
      if (row >= rows) break;
      const rowCount = Math.min(rowsPerChunk, rows - row);
      const into = layout < 0 ? (weight >>> 0) + row * rowBytes : staging;
      if (!readFully(fs, descriptor, bytes, into, rowCount * rowBytes, offset + row * rowBytes)) {
        Atomics.store(words, job + 12, 1);
        break;
      }
      if (layout < 0) continue;
      const groups = Math.ceil(rowCount / GROUP_ROWS);
      if (kernels.repack_rows(layout, dtype, staging, rowBytes, weight, rows, columns, row / GROUP_ROWS, groups))
        Atomics.store(words, job + 11, 1);
    }
  }
}

function readFully(
  fs: typeof import('node:fs'),
  descriptor: number,
  bytes: Uint8Array,
  into: number,
  length: number,
  position: number,
): boolean {
  try {
    for (let done = 0; done < length;) {
      const read = fs.readSync(descriptor, bytes, into + done, length - done, position + done);
      if (read === 0) return false;
      done += read;
    }
    return true;
  } catch {
    return false; // whoever asked reads the same bytes again, and reports what is wrong with them
  }
}

/** Node's port to the parent thread, or the browser's. */
function parentPort(): Port {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort;
  if (node) {
    return {
      postMessage: (message) => node.postMessage(message),
      onMessage: (listener) => void node.on('message', listener),
    };
  }
  return {
    postMessage: (message) => globalThis.postMessage(message),
    onMessage: (listener) => globalThis.addEventListener('message', (event) => listener(event.data as WorkerSetup)),
  };
}

const port = parentPort();
port.onMessage((setup) => serve(port, setup));
