import { expect, test } from 'vitest';
import type { Batch } from '../../src/backend/backend.ts';
import { isChosenSound, isSoundBatch } from '../../src/backend/sound-batch.ts';
import { batchOf } from './support/batches.ts';

const pool = { blockSize: 4, numSequences: 2, blocksPerSequence: 2 };
const batch = batchOf(pool, [
  { sequence: 0, start: 5, ids: [1, 2, 3] },
  { sequence: 1, start: 0, ids: [4] },
]);

test('a batch that agrees with itself is sound, and so is one without tokens', () => {
  expect(isSoundBatch(batch)).toBe(true);
  expect(isSoundBatch(batchOf(pool, []))).toBe(true);
});

test.each<[string, Partial<Batch>]>([
  ['fewer positions than tokens', { positions: Int32Array.of(5, 6, 7) }],
  ['more slots than tokens', { slotMapping: new Int32Array(5) }],
  ['fewer sequences than tokens', { sequenceOf: new Int32Array(3) }],
  ['a negative position', { positions: Int32Array.of(5, 6, 7, -1) }],
  ['a position behind the blocks of a sequence', { positions: Int32Array.of(6, 7, 8, 0) }],
  ['a sequence that the block table lacks', { sequenceOf: Int32Array.of(0, 0, 0, 2) }],
  ['a negative slot', { slotMapping: Int32Array.of(0, 1, -1, 2) }],
  ['a negative block', { blockTable: Int32Array.of(0, 1, 2, -1) }],
  ['no blocks', { blocksPerSequence: 0 }],
])('a batch with %s is not sound', (_, change) => {
  expect(isSoundBatch({ ...batch, ...change })).toBe(false);
});

test('chosen tokens are sound in rows of what was chosen, or where none was', () => {
  const best = { dtype: 'f32', shape: [3, 2] } as const;
  const isSound = (...rows: number[]) => isChosenSound({ ...batch, chosen: { best, rows: Int32Array.from(rows) } });
  expect(isChosenSound(batch)).toBe(true);
  expect(isSound(0, 2, -1, 1)).toBe(true);
  expect(isSound(0, 3, -1, 1)).toBe(false);
  expect(isSound(0, 2, -2, 1)).toBe(false);
  expect(isSound(0, 2, 1)).toBe(false);
});
