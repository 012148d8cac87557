import type { Batch, KvShape } from './backend.ts';
import type { CacheReach } from './cache-reach.ts';
import { idBeyond } from './id-beyond.ts';

/** What the ops recorded on a batch were checked for. Another batch within the same limits may take its place. */
export class BatchLimits {
  #ids = Infinity;
  #slots = Infinity;
  #blocks = Infinity;

  /** Ids were seen to be rows of a table of `rows`. */
  allowIds(rows: number): void {
    this.#ids = Math.min(this.#ids, rows);
  }

  /** Slots and blocks were seen to lie in a cache. */
  allowCache({ numBlocks, blockSize }: KvShape): void {
    this.#blocks = Math.min(this.#blocks, numBlocks);
    this.#slots = Math.min(this.#slots, numBlocks * blockSize);
  }

  /** @param reach of the batch */
  hold(batch: Batch, reach: CacheReach): boolean {
    return reach.slots <= this.#slots && reach.blocks <= this.#blocks && idBeyond(this.#ids, batch) === undefined;
  }
}
