// A thread of the wasm backend. This file's text, without its types, is embedded by scripts/build-wasm.ts and started from
// there, so it imports nothing and works in Node's worker threads and in the browser's workers.

export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  readonly threads: number;
  readonly kernelSet: number;
  /** Scratch memory of this thread. */
  readonly scratch: number;
  /** Where the control words lie; see threads.ts. */
  readonly control: number;
  /** Say `done` after a list: for engines without Atomics.waitAsync. */
  readonly saysDone: boolean;
}

interface Port {
  postMessage(message: string): void;
  onMessage(listener: (setup: WorkerSetup) => void): void;
}

interface KernelExports {
  init_linear(kernelSet: number, scratch: number): void;
  run(list: number, barrier: number, thread: number, threads: number): void;
  work(command: number, thread: number): void;
  proceed(command: number, barrier: number, threads: number): number;
}

/** Runs a list each time the generation rises; sleeps in between. Never returns: a worker ends by being terminated. */
function serve(port: Port, setup: WorkerSetup): void {
  const { memory, thread, threads } = setup;
  const kernels = new WebAssembly.Instance(setup.module, { env: { memory } }).exports as unknown as KernelExports;
  kernels.init_linear(setup.kernelSet, setup.scratch);
  // Words: 0 generation, 16 list, 32 threads that finished, 48 generation that is done; the barrier lies behind them;
  // 112 where the first thread writes its times, if it shall, and 113 how many numbers fit there.
  const control = new Int32Array(memory.buffer, setup.control, 128);
  const barrier = setup.control + 256;
  let generation = 0;
  port.postMessage('ready');
  for (;;) {
    Atomics.wait(control, 0, generation);
    if (Atomics.load(control, 0) === generation) continue;
    generation += 1;
    const list = Atomics.load(control, 16) >>> 0;
    const times = thread === 0 ? Atomics.load(control, 112) >>> 0 : 0;
    if (times === 0) kernels.run(list, barrier, thread, threads);
    else runTimed(kernels, list, barrier, threads, new Float64Array(memory.buffer, times, control[113]));
    if (Atomics.add(control, 32, 1) !== threads - 1) continue;
    Atomics.store(control, 32, 0);
    Atomics.store(control, 48, generation);
    Atomics.notify(control, 48);
    if (setup.saysDone) port.postMessage('done');
  }
}

/** Runs a list as the first thread; `times`: command, ms of work, ms of waiting for the others; and so on, then 0. */
function runTimed(kernels: KernelExports, list: number, barrier: number, threads: number, times: Float64Array): void {
  let at = 0;
  for (let command = list; command !== 0;) {
    const start = performance.now();
    kernels.work(command, 0);
    const worked = performance.now();
    const next = kernels.proceed(command, barrier, threads) >>> 0;
    if (at + 3 < times.length) {
      times[at++] = command;
      times[at++] = worked - start;
      times[at++] = performance.now() - worked;
    }
    command = next;
  }
  times[at] = 0;
}

/** Node's port to the parent thread, or the browser's. */
function parentPort(): Port {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads')?.parentPort;
  if (node) {
    return {
      postMessage: (message) => node.postMessage(message),
      onMessage: (listener) => void node.once('message', listener),
    };
  }
  return {
    postMessage: (message) => globalThis.postMessage(message),
    onMessage: (listener) => globalThis.addEventListener('message', (event) => listener(event.data as WorkerSetup)),
  };
}

const port = parentPort();
port.onMessage((setup) => serve(port, setup));
