import { RealizarError } from '../../errors.ts';
import type { Bank } from './bank.ts';
import type { Executor } from './executor.ts';

/** Runs lists in the calling thread: for tiny models, where waking a thread takes longer, and where memory cannot be shared. */
export class InlineExecutor implements Executor {
  readonly threads = 1;
  readonly loaders = 0;
  readonly measures = false;

  run({ kernels }: Pick<Bank, 'kernels'>, list: number): Promise<void> | undefined {
    try {
      kernels.run(list, 0, 1);
      return undefined;
    } catch (cause) {
      throw new RealizarError('closed', `the kernels failed: ${String(cause)}`, { cause });
    }
  }

  async load(): Promise<void> {
    throw new RealizarError('backend-unavailable', 'the calling thread does not read files');
  }

  helpLoading(): void {}

  async addBanks(): Promise<void> {}

  async dispose(): Promise<void> {}
}
