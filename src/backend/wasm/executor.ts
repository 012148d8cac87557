import type { Bank } from './bank.ts';

/** Who runs recorded lists. */
export interface Executor {
  readonly threads: number;
  /** Threads that may take part in a load list, some of them only from its middle; 0 where none can. */
  readonly loaders: number;
  /** Whether runs write to `bank.times` how long each command took; see profile.ts. */
  readonly measures: boolean;
  /**
   * Runs the list that begins at `list`.
   * @returns nothing where it has run: a tiny model takes little more than a promise does
   * @throws RealizarError `closed` when its threads died or `dispose` was called
   */
  run(bank: Bank, list: number): Promise<void> | undefined;
  /** Has the loaders walk a load list (load-list.ts). @throws RealizarError `closed` */
  load(bank: Bank, list: number): Promise<void>;
  /** Has more threads help to load, until the next run. */
  helpLoading(loaders: number): void;
  /** Takes more memories into use. @throws RealizarError `backend-unavailable` */
  addBanks(banks: readonly Bank[]): Promise<void>;
  dispose(): Promise<void>;
}
