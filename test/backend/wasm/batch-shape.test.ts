import { expect, test } from 'vitest';
import type { Batch } from '../../../src/backend/backend.ts';
import { hasShape, shapeOf } from '../../../src/backend/wasm/batch-shape.ts';
import { batchOf, upTo } from '../support/batches.ts';

const pool = { blockSize: 32, numSequences: 2, blocksPerSequence: 20 };

/** One row of a sequence, and three of another. */
const at = (first: number, second: number): Batch =>
  batchOf(pool, [
    { sequence: 0, start: first, ids: [7] },
    { sequence: 1, start: second, ids: upTo(3) },
  ]);

const known = at(100, 300);

test('a batch has the shape of another with other tokens, positions, slots and blocks', () => {
  const other = { ...at(101, 509), tokenIds: Int32Array.of(1, 2, 3, 4) };
  expect(hasShape(other, shapeOf(known))).toBe(true);
  expect(shapeOf(known).runs).toEqual([
    { firstRow: 0, rows: 1, sequence: 0, reach: 256 },
    { firstRow: 1, rows: 3, sequence: 1, reach: 512 },
  ]);
});

test.each<[string, Batch]>([
  ['a sequence that reaches further', at(256, 300)],
  ['a last row that reaches further', at(100, 510)],
  ['rows of other sequences', { ...known, sequenceOf: Int32Array.of(0, 0, 1, 1) }],
  ['fewer rows', batchOf(pool, [{ sequence: 0, start: 100, ids: [7] }])],
  ['other outputs', { ...known, outputRows: Int32Array.of(3) }],
  ['as many other outputs', { ...known, outputRows: Int32Array.of(0, 1, 2, 2) }],
  ['a wider block table', { ...known, blocksPerSequence: 21 }],
  ['a longer block table', { ...known, blockTable: new Int32Array(60) }],
  ['other blocks', { ...known, blockSize: 16 }],
  ['chosen tokens', { ...known, chosen: { best: { dtype: 'f32', shape: [1, 2] }, rows: new Int32Array(4) } }],
])('it has another with %s', (_, batch) => {
  expect(hasShape(batch, shapeOf(known))).toBe(false);
});

test('no reach is more than a sequence has blocks', () => {
  const batch = batchOf({ ...pool, blocksPerSequence: 2 }, [{ sequence: 0, start: 0, ids: [1] }]);
  expect(shapeOf(batch).runs[0]!.reach).toBe(64);
});
