/** Which blocks of the kv cache are free. Kwon et al. 2023, arXiv:2309.06180, §4. */
export class BlockManager {
  readonly blockSize: number;
  readonly numBlocks: number;
  readonly #free: number[];

  constructor(numBlocks: number, blockSize: number) {
    this.numBlocks = numBlocks;
    this.blockSize = blockSize;
    this.#free = Array.from({ length: numBlocks }, (_, i) => numBlocks - 1 - i);
  }

  get numFree(): number {
    return this.#free.length;
  }

  /** Blocks that `positions` positions fill, the last one perhaps in part. */
  blocksFor(positions: number): number {
    return Math.ceil(positions / this.blockSize);
  }

  /** Grows a block table to hold `positions` positions, or leaves it as it is and returns false. */
  grow(table: number[], positions: number): boolean {
    const missing = this.blocksFor(positions) - table.length;
    if (missing > this.#free.length) return false;
    for (let i = 0; i < missing; i++) table.push(this.#free.pop()!);
    return true;
  }

  /** Takes every block back and empties the table. */
  release(table: number[]): void {
    while (table.length > 0) this.#free.push(table.pop()!);
  }
}
