import { RealizarError } from '../../errors.ts';
import type { Executor } from './executor.ts';
import type { KernelExports } from './kernel-exports.ts';

/** Runs lists in the calling thread: for tiny models, where waking a thread takes longer, and where memory cannot be shared. */
export class InlineExecutor implements Executor {
  readonly threads = 1;
  readonly #kernels: KernelExports;

  constructor(kernels: KernelExports) {
    this.#kernels = kernels;
  }

  async run(list: number): Promise<void> {
    try {
      this.#kernels.run(list, 0, 0, 1);
    } catch (cause) {
      throw new RealizarError('closed', `the kernels failed: ${String(cause)}`, { cause });
    }
  }

  async dispose(): Promise<void> {}
}
