import type { WorkerSetup } from './worker.ts';

/** A worker of Node or of the browser. */
export interface WorkerHandle {
  post(setup: WorkerSetup): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Called when the worker throws or ends by itself. */
  onFailure(listener: (reason: unknown) => void): void;
  /** Whether the worker keeps a Node process alive. */
  keepProcessAlive(alive: boolean): void;
  terminate(): Promise<void>;
}

/** Starts a worker from the text of a program without imports. */
export function spawnWorker(source: string): WorkerHandle {
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  return node ? spawnNodeWorker(node, source) : spawnWebWorker(source);
}

function spawnNodeWorker(node: typeof import('node:worker_threads'), source: string): WorkerHandle {
  // A script, for which Node need not bring up its loader of modules. The flags of the parent, such as a test runner's
  // loaders, are not for it.
  const worker = new node.Worker(source, { eval: true, execArgv: [], env: {}, name: 'realizar kernels' });
  // Heard from the beginning: an error that nobody listens for would end the process.
  const failures: unknown[] = [];
  const listeners: ((reason: unknown) => void)[] = [];
  const fail = (reason: unknown) => {
    failures.push(reason);
    for (const listener of listeners) listener(reason);
  };
  worker.on('error', fail).on('exit', (code) => fail(`it ended with code ${code}`));
  return {
    post: (setup) => worker.postMessage(setup),
    onMessage: (listener) => void worker.on('message', listener),
    onFailure: (listener) => {
      listeners.push(listener);
      if (failures.length > 0) listener(failures[0]);
    },
    keepProcessAlive: (alive) => (alive ? worker.ref() : worker.unref()),
    terminate: async () => void (await worker.terminate()),
  };
}

function spawnWebWorker(source: string): WorkerHandle {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module', name: 'realizar kernels' });
  return {
    post: (setup) => worker.postMessage(setup),
    onMessage: (listener) => {
      worker.addEventListener('message', (event) => listener(event.data));
      worker.addEventListener('message', () => URL.revokeObjectURL(url), { once: true });
    },
    onFailure: (listener) => worker.addEventListener('error', (event) => listener(event.message)),
    keepProcessAlive: () => {},
    terminate: async () => worker.terminate(),
  };
}
