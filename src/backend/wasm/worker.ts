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
}

/** Runs a list each time the generation rises; sleeps in between. Never returns: a worker ends by being terminated. */
function serve(port: Port, setup: WorkerSetup): void {
  const { memory, thread, threads } = setup;
  const kernels = new WebAssembly.Instance(setup.module, { env: { memory } }).exports as unknown as KernelExports;
  kernels.init_linear(setup.kernelSet, setup.scratch);
  // Words: 0 generation, 16 list, 32 threads that finished, 48 generation that is done; the barrier lies behind them.
  const control = new Int32Array(memory.buffer, setup.control, 64);
  const barrier = setup.control + 256;
  let generation = 0;
  port.postMessage('ready');
  for (;;) {
    Atomics.wait(control, 0, generation);
    if (Atomics.load(control, 0) === generation) continue;
    generation += 1;
    kernels.run(Atomics.load(control, 16) >>> 0, barrier, thread, threads);
    if (Atomics.add(control, 32, 1) !== threads - 1) continue;
    Atomics.store(control, 32, 0);
    Atomics.store(control, 48, generation);
    Atomics.notify(control, 48);
    if (setup.saysDone) port.postMessage('done');
  }
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
