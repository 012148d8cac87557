import { expect, test } from 'vitest';
import { BatchLimits } from '../../src/backend/batch-limits.ts';
import { cacheReach } from '../../src/backend/cache-reach.ts';
import { batchOf } from './support/batches.ts';

/** One token, in slot 23 of block 5. */
const batch = {
  ...batchOf({ blockSize: 4, numSequences: 1, blocksPerSequence: 1 }, [{ sequence: 0, start: 3, ids: [9] }]),
  slotMapping: Int32Array.of(23),
  blockTable: Int32Array.of(5),
};
const cache = (numBlocks: number, blockSize: number) => ({
  numLayers: 1,
  numKvHeads: 1,
  headDim: 8,
  numBlocks,
  blockSize,
});

function holds(allow: (limits: BatchLimits) => void, of = batch): boolean {
  const limits = new BatchLimits();
  allow(limits);
  return limits.hold(of, cacheReach(of));
}

test('everything is within limits that nothing has set', () => {
  expect(holds(() => {})).toBe(true);
});

test('ids have to be rows of the table', () => {
  expect(holds((limits) => limits.allowIds(10))).toBe(true);
  expect(holds((limits) => limits.allowIds(9))).toBe(false);
  expect(holds(() => {}, { ...batch, tokenIds: Int32Array.of(-1) })).toBe(false);
});

test('slots and blocks have to lie in the cache', () => {
  expect(holds((limits) => limits.allowCache(cache(6, 4)))).toBe(true);
  expect(holds((limits) => limits.allowCache(cache(5, 5)))).toBe(false); // block 5
  expect(holds((limits) => limits.allowCache(cache(7, 3)))).toBe(false); // slot 23
});

test('the narrowest of all limits counts, whichever came first', () => {
  const narrowFirst = (limits: BatchLimits) => {
    limits.allowIds(9);
    limits.allowIds(100);
  };
  const narrowLast = (limits: BatchLimits) => {
    limits.allowCache(cache(100, 4));
    limits.allowCache(cache(5, 4));
    limits.allowCache(cache(100, 4));
  };
  expect(holds(narrowFirst)).toBe(false);
  expect(holds(narrowLast)).toBe(false);
});
