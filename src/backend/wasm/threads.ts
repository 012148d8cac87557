import { RealizarError } from '../../errors.ts';
import { workerSource } from '../../generated/wasm-worker.ts';
import type { Executor } from './executor.ts';
import type { WasmMemory } from './memory.ts';
import { spawnWorker, type WorkerHandle } from './spawn-worker.ts';

// Words of the control block; worker.ts knows them too. Each has a cache line of its own.
const GENERATION = 0;
const LIST = 16;
const DONE = 48;
const TIMES = 112;
const CONTROL_BYTES = 512;

export interface ThreadsOptions {
  readonly threads: number;
  readonly module: WebAssembly.Module;
  /** Number of the kernel set. */
  readonly kernelSet: number;
  /** Scratch memory that each thread's kernels need. */
  readonly scratchBytes: number;
}

/**
 * Worker threads that share one memory. They sleep between runs; a run wakes them by a store and a notify, and is awaited
 * without blocking the calling thread, which never computes.
 */
export class Threads implements Executor {
  readonly threads: number;
  readonly #workers: readonly WorkerHandle[];
  readonly #control: Int32Array;
  #generation = 0;
  #failure: RealizarError | undefined;
  #rejectRun: ((error: RealizarError) => void) | undefined;
  #resolveRun: (() => void) | undefined;

  /** @throws RealizarError `backend-unavailable` where a worker does not start */
  static async start(memory: WasmMemory, options: ThreadsOptions): Promise<Threads> {
    const control = memory.allocate(CONTROL_BYTES, 'the threads');
    const scratch = Array.from({ length: options.threads }, () => memory.allocate(options.scratchBytes, 'the threads'));
    const workers = scratch.map(() => spawnWorker(workerSource));
    const setup = { ...options, memory: memory.memory, control, saysDone: !hasWaitAsync };
    try {
      const ready = Promise.all(workers.map(isReady));
      workers.forEach((worker, thread) => worker.post({ ...setup, thread, scratch: scratch[thread]! }));
      await ready;
    } catch (cause) {
      await Promise.all(workers.map((worker) => worker.terminate()));
      throw new RealizarError('backend-unavailable', `a worker thread did not start: ${String(cause)}`, { cause });
    }
    return new Threads(workers, memory.i32.subarray(control / 4, (control + CONTROL_BYTES) / 4));
  }

  private constructor(workers: readonly WorkerHandle[], control: Int32Array) {
    this.threads = workers.length;
    this.#workers = workers;
    this.#control = control;
    for (const worker of workers) {
      worker.onFailure((reason) => this.#fail(`a worker thread died: ${String(reason)}`, reason));
      worker.onMessage(() => this.#resolveRun?.()); // `done`
      worker.keepProcessAlive(false);
    }
  }

  /** Has the first thread write its times to `numbers` float64 at `pointer`; see worker.ts. */
  writeTimesTo(pointer: number, numbers: number): void {
    this.#control[TIMES + 1] = numbers;
    Atomics.store(this.#control, TIMES, pointer);
  }

  async run(list: number): Promise<void> {
    if (this.#failure) throw this.#failure;
    const control = this.#control;
    const before = this.#generation;
    this.#generation = (before + 1) | 0;
    this.#workers[0]!.keepProcessAlive(true);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#resolveRun = resolve;
        this.#rejectRun = reject;
        if (hasWaitAsync) {
          const done = Atomics.waitAsync(control, DONE, before);
          if (done.async) void done.value.then(() => resolve());
        }
        Atomics.store(control, LIST, list);
        Atomics.store(control, GENERATION, this.#generation);
        Atomics.notify(control, GENERATION);
      });
    } finally {
      this.#resolveRun = this.#rejectRun = undefined;
      this.#workers[0]!.keepProcessAlive(false);
    }
  }

  async dispose(): Promise<void> {
    this.#fail('the backend was closed');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  // One dead thread leaves the others waiting for it at a barrier, so all of them end.
  #fail(message: string, cause?: unknown): void {
    if (this.#failure) return;
    this.#failure = new RealizarError('closed', message, { cause });
    this.#rejectRun?.(this.#failure);
    for (const worker of this.#workers) void worker.terminate();
  }
}

const hasWaitAsync = typeof Atomics.waitAsync === 'function';

const isReady = (worker: WorkerHandle): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.onMessage(() => resolve());
    worker.onFailure((reason) => reject(new Error(String(reason))));
  });
