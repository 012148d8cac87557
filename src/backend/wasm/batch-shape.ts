import { sameItems } from '../../tensor/same-items.ts';
import type { Batch } from '../backend.ts';
import { roundUp } from './round-up.ts';

/** Rows [firstRow, firstRow + rows) of a batch: neighbours of one sequence. */
export interface Run {
  readonly firstRow: number;
  readonly rows: number;
  /** Its number in the batch. */
  readonly sequence: number;
  /** More than any position that its rows see; see `reachOf`. */
  readonly reach: number;
}

/** What of a batch decides which commands are recorded for it; the rest is numbers that commands read from memory. */
export interface BatchShape {
  readonly runs: readonly Run[];
  readonly outputRows: Int32Array;
  readonly blocksPerSequence: number;
  readonly blockSize: number;
  readonly tableLength: number;
  readonly best: unknown;
}

/** Positions after which a batch has another shape: many, so that the steps of an answer seldom differ. */
const REACH_STEP = 256;

/** One more than a position, rounded up: an answer that grows by a token keeps its reach for a while. */
const reachOf = (position: number, { blocksPerSequence, blockSize }: Batch): number =>
  Math.min(roundUp(position + 1, REACH_STEP), blocksPerSequence * blockSize);

export function shapeOf(batch: Batch): BatchShape {
  const { outputRows, blocksPerSequence, blockSize, blockTable, chosen } = batch;
  return {
    runs: runsOf(batch),
    outputRows: outputRows.slice(), // whoever made the batch may use the array again
    blocksPerSequence,
    blockSize,
    tableLength: blockTable.length,
    best: chosen?.best,
  };
}

/** Whether a batch, which is sound, has a shape. */
export function hasShape(batch: Batch, shape: BatchShape): boolean {
  const { tokenIds, outputRows, blocksPerSequence, blockSize, blockTable, chosen } = batch;
  return (
    tokenIds.length === rowsOf(shape) &&
    blocksPerSequence === shape.blocksPerSequence &&
    blockSize === shape.blockSize &&
    blockTable.length === shape.tableLength &&
    chosen?.best === shape.best &&
    sameItems(outputRows, shape.outputRows) &&
    shape.runs.every((run) => hasRun(batch, run))
  );
}

function rowsOf({ runs }: BatchShape): number {
  const last = runs.at(-1);
  return last === undefined ? 0 : last.firstRow + last.rows;
}

function hasRun(batch: Batch, { firstRow, rows, sequence, reach }: Run): boolean {
  const { sequenceOf, positions } = batch;
  for (let row = firstRow; row < firstRow + rows; row++) if (sequenceOf[row] !== sequence) return false;
  return reachOf(positions[firstRow + rows - 1]!, batch) === reach;
}

function runsOf(batch: Batch): Run[] {
  const { sequenceOf, positions } = batch;
  const runs: Run[] = [];
  for (let row = 0; row < sequenceOf.length;) {
    const [firstRow, sequence] = [row, sequenceOf[row]!];
    while (row < sequenceOf.length && sequenceOf[row] === sequence) row++;
    runs.push({ firstRow, rows: row - firstRow, sequence, reach: reachOf(positions[row - 1]!, batch) });
  }
  return runs;
}
