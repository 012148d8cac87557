import { RealizarError } from '../../errors.ts';
import { workerSource } from '../../generated/wasm-worker.ts';
import type { Bank } from './bank.ts';
import type { Executor } from './executor.ts';
import { spawnWorker, type WorkerHandle } from './spawn-worker.ts';
import type { WorkerMemory, WorkerSetup } from './worker.ts';

// Words of the control block in the first memory; worker.ts knows them too. A line of the cache for each that is waited on.
const GENERATION = 0;
const LOAD_GENERATION = 8;
const LIST = 16;
const MEMORY = 17;
const TASK = 18;
const AT_WORK = 32;
const AT_LOADING = 33;
const DONE = 48;
const TIMES = 64;
const CONTROL_BYTES = 512;

const tasks = { run: 0, load: 1, listen: 2 } as const;

export interface ThreadsOptions {
  /** What `spawnThreads` started. */
  readonly workers: readonly WorkerHandle[];
  readonly module: WebAssembly.Module;
  /** Number of the kernel set. */
  readonly kernelSet: number;
  /** Whether V8 fuses vectors. */
  readonly wide?: boolean;
}

/** Starts workers, which takes them as long as choosing and compiling what they will run. */
export const spawnThreads = (threads: number): WorkerHandle[] =>
  Array.from({ length: threads }, () => spawnWorker(workerSource));

/** What stays the same whenever a thread is set up. */
type CommonSetup = Pick<WorkerSetup, 'module' | 'threads' | 'kernelSet' | 'wide' | 'control' | 'saysDone'>;

/**
 * Worker threads that share one memory or several. They sleep between tasks; a task wakes them by a store and a notify, and is
 * awaited without blocking the calling thread, which never computes.
 */
export class Threads implements Executor {
  readonly threads: number;
  readonly measures = true;
  readonly #workers: readonly WorkerHandle[];
  readonly #setup: CommonSetup;
  readonly #control: Int32Array;
  readonly #banks: Bank[] = [];
  readonly #helpers: WorkerHandle[] = [];
  /** Threads and helpers, also those that are not up yet. */
  #loaders: number;
  #generation = 0;
  #failure: RealizarError | undefined;
  #rejectTask: ((error: RealizarError) => void) | undefined;
  #resolveTask: (() => void) | undefined;

  /** @throws RealizarError `backend-unavailable` where a worker does not start */
  static async start(bank: Bank, { workers, module, kernelSet, wide = false }: ThreadsOptions): Promise<Threads> {
    const control = bank.memory.allocate(CONTROL_BYTES, 'the threads');
    const words = bank.memory.i32.subarray(control / 4, (control + CONTROL_BYTES) / 4);
    const setup = { module, threads: workers.length, kernelSet, wide, control, saysDone: !hasWaitAsync };
    const started = new Threads(workers, setup, words);
    await started.#addBanks([bank]);
    return started;
  }

  private constructor(workers: readonly WorkerHandle[], setup: CommonSetup, control: Int32Array) {
    this.threads = setup.threads;
    this.#loaders = setup.threads;
    this.#workers = workers;
    this.#setup = setup;
    this.#control = control;
    for (const worker of workers) {
      this.#hear(worker);
      this.#watch(worker);
    }
  }

  get loaders(): number {
    return canReadFiles ? this.#loaders : 0;
  }

  run(bank: Bank, list: number): Promise<void> {
    this.#dismissHelpers();
    this.#control[TIMES] = bank.times?.pointer ?? 0;
    this.#control[TIMES + 1] = bank.times?.numbers ?? 0;
    return this.#perform('run', bank.index, list);
  }

  load(bank: Bank, list: number): Promise<void> {
    return this.#perform('load', bank.index, list);
  }

  async addBanks(banks: readonly Bank[]): Promise<void> {
    this.#dismissHelpers();
    await this.#perform('listen', 0, 0);
    await this.#addBanks(banks);
  }

  helpLoading(loaders: number): void {
    if (this.#failure) return;
    for (; this.#loaders < loaders; this.#loaders++) void this.#addHelper(this.#loaders);
  }

  async dispose(): Promise<void> {
    this.#fail('the backend was closed');
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #watch(worker: WorkerHandle): void {
    worker.onFailure((reason) => {
      const wasDismissed = !this.#workers.includes(worker) && !this.#helpers.includes(worker);
      if (!wasDismissed) this.#fail(`a worker thread died: ${String(reason)}`, reason);
    });
  }

  #hear(worker: WorkerHandle): void {
    worker.onMessage((message) => message === 'done' && this.#resolveTask?.());
  }

  /** Gives every worker its instances of the module: of the memories that it has, and of new ones. */
  async #addBanks(banks: readonly Bank[]): Promise<void> {
    this.#banks.push(...banks);
    try {
      await Promise.all(this.#workers.map((worker, thread) => this.#setUp(worker, thread)));
    } catch (cause) {
      await this.dispose();
      throw new RealizarError('backend-unavailable', `a worker thread did not start: ${String(cause)}`, { cause });
    }
  }

  async #setUp(worker: WorkerHandle, thread: number): Promise<void> {
    const memories = this.#banks.map(({ memory, kernels }): WorkerMemory => {
      const scratch = memory.allocate(kernels.linear_scratch_bytes(), 'the threads');
      return { memory: memory.memory, scratch };
    });
    const ready = isReady(worker);
    worker.keepProcessAlive(true);
    worker.post({ ...this.#setup, memories, thread, generation: this.#generation });
    await ready;
    worker.keepProcessAlive(false);
  }

  /** It takes part as soon as it is ready; nobody misses one that does not start. */
  async #addHelper(thread: number): Promise<void> {
    const worker = spawnWorker(workerSource);
    this.#helpers.push(worker);
    this.#hear(worker);
    try {
      await this.#setUp(worker, thread);
      this.#watch(worker);
    } catch {
      void worker.terminate();
    }
  }

  #dismissHelpers(): void {
    this.#loaders = this.threads;
    for (const helper of this.#helpers.splice(0)) void helper.terminate();
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
        Atomics.store(control, task === 'load' ? AT_LOADING : AT_WORK, this.threads);
        wake(control, GENERATION, this.#generation);
        if (task === 'load') wake(control, LOAD_GENERATION, this.#generation);
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
    for (const worker of [...this.#workers, ...this.#helpers]) void worker.terminate();
  }
}

function wake(control: Int32Array, word: number, generation: number): void {
  Atomics.store(control, word, generation);
  Atomics.notify(control, word);
}

const hasWaitAsync = typeof Atomics.waitAsync === 'function';

/** Whether workers find a file system: those of Node do. */
const canReadFiles = globalThis.process?.getBuiltinModule?.('node:fs') !== undefined;

const isReady = (worker: WorkerHandle): Promise<void> =>
  new Promise((resolve, reject) => {
    worker.onMessage((message) => message === 'ready' && resolve());
    worker.onFailure((reason) => reject(new Error(String(reason))));
  });
