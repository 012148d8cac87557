import type { Batch, ChosenTokens } from '../backend/backend.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { ScheduledRows } from './scheduler.ts';
import type { Sequence } from './sequence.ts';

/** Positions of these rows whose logits are wanted: [first, end). */
export function outputsOf({ sequence, start, rows }: ScheduledRows): readonly [first: number, end: number] {
  const end = start + rows;
  return [Math.min(Math.max(start, sequence.nextOutput), end), end];
}

/** Where tokens are that only the backend knows yet. */
export interface TokensInFlight {
  /** What `best` chose in the step before. */
  readonly best: Tensor;
  /** The row of it that has a sequence's latest token. */
  readonly rows: ReadonlyMap<Sequence, number>;
}

/** Lays the rows of a step end to end. @param inFlight for rows beyond the tokens of their sequences */
export function batchOf(step: readonly ScheduledRows[], blockSize: number, inFlight?: TokensInFlight): Batch {
  const tokens = step.reduce((sum, { rows }) => sum + rows, 0);
  const blocksPerSequence = Math.max(1, ...step.map(({ sequence }) => sequence.blocks.length));
  const batch = {
    tokenIds: new Int32Array(tokens),
    positions: new Int32Array(tokens),
    slotMapping: new Int32Array(tokens),
    sequenceOf: new Int32Array(tokens),
    blockTable: new Int32Array(step.length * blocksPerSequence),
  };
  const outputRows: number[] = [];

  let row = 0;
  step.forEach((scheduled, index) => {
    const { sequence, start, rows, draft = [] } = scheduled;
    const [firstOutput] = outputsOf(scheduled);
    batch.blockTable.set(sequence.blocks, index * blocksPerSequence);
    for (let position = start; position < start + rows; position++, row++) {
      batch.tokenIds[row] = sequence.tokenIds[position] ?? draft[position - sequence.tokenIds.length] ?? 0;
      batch.positions[row] = position;
      batch.slotMapping[row] = sequence.blocks[Math.floor(position / blockSize)]! * blockSize + (position % blockSize);
      batch.sequenceOf[row] = index;
      if (position >= firstOutput) outputRows.push(row);
    }
  });
  return {
    ...batch,
    blocksPerSequence,
    blockSize,
    outputRows: Int32Array.from(outputRows),
    ...(inFlight && { chosen: chosenTokens(step, inFlight) }),
  };
}

/** One row of each sequence. */
const chosenTokens = (step: readonly ScheduledRows[], { best, rows }: TokensInFlight): ChosenTokens => ({
  best,
  rows: Int32Array.from(step, ({ sequence }) => rows.get(sequence)!),
});
