import { rowsOf } from '../tensor/tensor.ts';
import type { Batch } from './backend.ts';

/** Whether a batch agrees with itself: as many numbers for each token, and positions and sequences inside of its block table. */
export function isSoundBatch(batch: Batch): boolean {
  const { tokenIds, positions, slotMapping, sequenceOf, blockTable, blocksPerSequence, blockSize } = batch;
  const tokens = tokenIds.length;
  return (
    positions.length === tokens &&
    slotMapping.length === tokens &&
    sequenceOf.length === tokens &&
    areBelow(blocksPerSequence * blockSize, positions) &&
    areBelow(blockTable.length / Math.max(1, blocksPerSequence), sequenceOf) &&
    areBelow(Infinity, slotMapping) &&
    areBelow(Infinity, blockTable)
  );
}

/** Whether the tokens that `best` chose are in rows of it. */
export function isChosenSound({ chosen, tokenIds }: Batch): boolean {
  if (chosen === undefined) return true;
  const [rows] = rowsOf(chosen.best);
  return chosen.rows.length === tokenIds.length && chosen.rows.every((row) => row >= -1 && row < rows);
}

/** Whether all are from 0 to below a limit. */
function areBelow(limit: number, numbers: Int32Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (numbers[i]! < 0 || numbers[i]! >= limit) return false;
  return true;
}
