import type { Bank } from './bank.ts';
import type { Executor } from './executor.ts';
import {
  loadListBytes,
  readLoadResults,
  stagingBytes,
  writeLoadList,
  type LoadJob,
  type LoadResult,
} from './load-list.ts';
import type { Alone } from './upload.ts';

/** Bytes of one list: enough for as long as building a vocabulary takes the thread that writes lists, and little enough that progress is seen to move. */
const LIST_BYTES = 128 * 2 ** 20;

/** From so many bytes on, threads that otherwise would not compute help to load: as many as there are cores, and these at most. */
const HELP_BYTES = 64 * 2 ** 20;
const MAX_LOADERS = 4;

interface Waiting {
  readonly bank: Bank;
  readonly job: LoadJob;
  readonly resolve: (result: LoadResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers weights that lie in files into lists, which threads walk without waiting for each other in between. */
export class FileLoader {
  readonly #executor: Executor;
  readonly #alone: Alone;
  readonly #waiting: Waiting[] = [];
  readonly #maxLoaders = Math.min(navigator.hardwareConcurrency, MAX_LOADERS);
  #isBusy = false;
  #bytes = 0;

  constructor(executor: Executor, alone: Alone) {
    this.#executor = executor;
    this.#alone = alone;
  }

  load(bank: Bank, job: LoadJob): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bank, job, resolve, reject });
      this.#bytes += job.rows * job.rowBytes;
      if (this.#bytes > HELP_BYTES) this.#executor.helpLoading(this.#maxLoaders);
      if (!this.#isBusy) void this.#loadAll();
    });
  }

  async #loadAll(): Promise<void> {
    this.#isBusy = true;
    await Promise.resolve(); // what else is asked for in this turn goes into the same list
    while (this.#waiting.length > 0) {
      const list = this.#nextList();
      try {
        const results = await this.#alone(() => this.#loadList(list));
        void settle(list, results); // while the next list is under way
      } catch (error) {
        for (const { reject } of list) reject(error);
      }
    }
    this.#isBusy = false;
  }

  /** The first of those that wait, of one memory. */
  #nextList(): Waiting[] {
    const { bank } = this.#waiting[0]!;
    let bytes = 0;
    let count = 0;
    for (const { job, bank: other } of this.#waiting) {
      if (other !== bank || bytes >= LIST_BYTES) break;
      bytes += job.rows * job.rowBytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #loadList(list: readonly Waiting[]): Promise<LoadResult[]> {
    const { memory, recorder } = list[0]!.bank;
    const { activations } = recorder;
    const { loaders } = this.#executor;
    const jobs = list.map(({ job }) => job);
    const mark = activations.mark();
    try {
      const words = activations.allocate(loadListBytes(jobs));
      const staging = activations.allocate(stagingBytes(jobs) * loaders);
      writeLoadList(memory, words, jobs, staging, loaders);
      await this.#executor.load(list[0]!.bank, words);
      return readLoadResults(memory, words, jobs);
    } finally {
      activations.release(mark);
    }
  }
}

async function settle(list: readonly Waiting[], results: readonly LoadResult[]): Promise<void> {
  try {
    await Promise.all([...new Set(list.map(({ job }) => job.from.file))].map((file) => file.verify()));
    list.forEach(({ resolve }, i) => resolve(results[i]!));
  } catch (error) {
    for (const { reject } of list) reject(error);
  }
}
