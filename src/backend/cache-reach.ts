import type { Batch } from './backend.ts';

/** How far a batch reaches into a cache. */
export interface CacheReach {
  /** One more than the highest slot that is written. */
  readonly slots: number;
  /** One more than the highest block that is read. */
  readonly blocks: number;
}

export const cacheReach = ({ slotMapping, blockTable }: Batch): CacheReach => ({
  slots: endOf(slotMapping),
  blocks: endOf(blockTable),
});

/** One more than the largest. */
function endOf(numbers: Int32Array): number {
  let end = 0;
  for (let i = 0; i < numbers.length; i++) end = Math.max(end, numbers[i]! + 1);
  return end;
}
