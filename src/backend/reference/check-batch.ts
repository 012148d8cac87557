import { RealizarError } from '../../errors.ts';
import type { Batch } from '../backend.ts';

/**
 * Refuses a batch that contradicts itself, or that points outside a cache of `slots` slots.
 *
 * @throws RealizarError `invalid-argument`
 */
export function checkBatch(batch: Batch, slots: number): void {
  const { tokenIds, positions, slotMapping, sequenceOf, blockTable, blocksPerSequence, blockSize } = batch;
  const sequences = blockTable.length / Math.max(1, blocksPerSequence);
  const sameLength = [positions, slotMapping, sequenceOf].every(({ length }) => length === tokenIds.length);
  const isSound =
    sameLength &&
    isBelow(positions, blocksPerSequence * blockSize) &&
    isBelow(sequenceOf, sequences) &&
    isBelow(slotMapping, slots) &&
    isBelow(blockTable, slots / blockSize);
  if (isSound) return;
  throw new RealizarError(
    'invalid-argument',
    'a batch has arrays of different lengths, or numbers beyond its block table or cache',
  );
}

const isBelow = (numbers: Int32Array, end: number): boolean => numbers.every((n) => n >= 0 && n < end);
