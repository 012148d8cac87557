import { RealizarError } from '../../errors.ts';
import { workerSource } from '../../generated/wasm-worker.ts';
import type { Bank } from './bank.ts';
import type { Executor } from './executor.ts';
import { spawnWorker, type WorkerHandle } from './spawn-worker.ts';
import type { WorkerMemory, WorkerSetup } from './worker.ts';

// Words of the control block in the first memory; worker.ts knows them too. A line of the cache for each that is waited on.
const GENERATION = 0;
const LOADER_GENERATION = 8;
const LIST = 16;
const MEMORY = 17;
const TASK = 18;
const DONE = 48;
const TIMES = 64;
const CONTROL_BYTES = 512;
const BARRIER_BYTES = 128;

const tasks = { run: 0, load: 1, listen: 2 } as const;

export interface ThreadsOptions {
  readonly threads: number;
  /** Further threads that help to load. */
  readonly helpers?: number;
  readonly module: WebAssembly.Module;
  /** Number of the kernel set. */
  readonly kernelSet: number;
}

/** What stays the same whenever threads are set up. */
type CommonSetup = Omit<WorkerSetup, 'memories' | 'thread' | 'generations'>;

/**
 * Worker threads that share one memory or several. They sleep between tasks; a task wakes them by a store and a notify, and is
 * awaited without blocking the calling thread, which never computes.
 */
export class Threads implements Executor {
  readonly threads: number;
  readonly loaders: number;
  readonly measures = true;
  readonly #workers: readonly WorkerHandle[];
  readonly #setup: CommonSetup;
  readonly #control: Int32Array;
  readonly #memories: WorkerMemory[][];
  #generation = 0;
  #loaderGeneration = 0;
  #failure: RealizarError | undefined;
  #rejectTask: ((error: RealizarError) => void) | undefined;
  #resolveTask: (() => void) | undefined;

  /** @throws RealizarError `backend-unavailable` where a worker does not start */
  static async start(bank: Bank, options: ThreadsOptions): Promise<Threads> {
    const { threads, module, kernelSet, helpers = 0 } = options;
    const loaders = threads + helpers;
    const control = bank.memory.allocate(CONTROL_BYTES, 'the threads');
    const words = bank.memory.i32.subarray(control / 4, (control + CONTROL_BYTES) / 4);
    const workers = Array.from({ length: loaders }, () => spawnWorker(workerSource));
    const setup = { module, threads, loaders, kernelSet, control, saysDone: !hasWaitAsync };
    const started = new Threads(workers, setup, words);
    await started.#setUp([bank]);
    return started;
  }

  private constructor(workers: readonly WorkerHandle[], setup: CommonSetup, control: Int32Array) {
    this.threads = setup.threads;
    this.loaders = canReadFiles() ? workers.length : 0;
    this.#workers = workers;
    this.#setup = setup;
    this.#control = control;
    this.#memories = workers.map(() => []);
    for (const worker of workers) {
      worker.onFailure((reason) => this.#fail(`a worker thread died: ${String(reason)}`, reason));
      worker.onMessage((message) => message === 'done' && this.#resolveTask?.());
    }
  }

  run(bank: Bank, list: number): Promise<void> {
    this.#control[TIMES] = bank.times?.pointer ?? 0;
    this.#control[TIMES + 1] = bank.times?.numbers ?? 0;
    return this.#perform('run', bank.index, list);
  }

  load(bank: Bank, list: number): Promise<void> {
    return this.#perform('load', bank.index, list);
  }

  async addBanks(banks: readonly Bank[]): Promise<void> {
    await this.#perform('listen', 0, 0);
    await this.#setUp(banks);
  }

  async dispose(): Promise<void> {
    this.#fail('the backend was closed');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** Gives every worker its instances of the module, of those memories that it has and of new ones. */
  async #setUp(banks: readonly Bank[]): Promise<void> {
    for (const { memory, kernels } of banks) {
      const barrier = memory.allocate(BARRIER_BYTES, 'the threads');
      for (const memories of this.#memories) {
        const scratch = memory.allocate(kernels.linear_scratch_bytes(), 'the threads');
        memories.push({ memory: memory.memory, barrier, scratch });
      }
    }
    try {
      const ready = Promise.all(this.#workers.map(isReady));
      const generations = [this.#generation, this.#loaderGeneration] as const;
      this.#workers.forEach((worker, thread) =>
        worker.post({ ...this.#setup, generations, thread, memories: this.#memories[thread]! }),
      );
      await ready;
    } catch (cause) {
      await this.dispose();
      throw new RealizarError('backend-unavailable', `a worker thread did not start: ${String(cause)}`, { cause });
    }
    for (const worker of this.#workers) worker.keepProcessAlive(false);
  }

  async #perform(task: keyof typeof tasks, memory: number, list: number): Promise<void> {
    if (this.#failure) throw this.#failure;
    const control = this.#control;
    const before = this.#generation;
    this.#generation = (before + 1) | 0;
    this.#workers[0]!.keepProcessAlive(true);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#resolveTask = resolve;
        this.#rejectTask = reject;
        if (hasWaitAsync) {
          const done = Atomics.waitAsync(control, DONE, before);
          if (done.async) void done.value.then(() => resolve());
        }
        Atomics.store(control, LIST, list);
        Atomics.store(control, MEMORY, memory);
        Atomics.store(control, TASK, tasks[task]);
        wake(control, GENERATION, this.#generation);
        if (task === 'run') return;
        this.#loaderGeneration = (this.#loaderGeneration + 1) | 0;
        wake(control, LOADER_GENERATION, this.#loaderGeneration);
      });
    } finally {
      this.#resolveTask = this.#rejectTask = undefined;
      this.#workers[0]!.keepProcessAlive(false);
    }
  }

  // One dead thread leaves the others waiting for it at a barrier, so all of them end.
  #fail(message: string, cause?: unknown): void {
    if (this.#failure) return;
    this.#failure = new RealizarError('closed', message, { cause });
    this.#rejectTask?.(this.#failure);
    for (const worker of this.#workers) void worker.terminate();
  }
}

function wake(control: Int32Array, word: number, generation: number): void {
  Atomics.store(control, word, generation);
  Atomics.notify(control, word);
}

const hasWaitAsync = typeof Atomics.waitAsync === 'function';

/** Whether workers find a file system: those of Node do. */
const canReadFiles = (): boolean => globalThis.process?.getBuiltinModule?.('node:fs') !== undefined;

const isReady = (worker: WorkerHandle): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.onMessage((message) => message === 'ready' && resolve());
    worker.onFailure((reason) => reject(new Error(String(reason))));
  });
