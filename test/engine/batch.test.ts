import { expect, test } from 'vitest';
import { batchOf, outputsOf } from '../../src/engine/batch.ts';
import { Sequence } from '../../src/engine/sequence.ts';

function sequenceWith(tokenIds: number[], nextOutput: number, blocks: number[]): Sequence {
  const sequence = new Sequence(tokenIds, nextOutput);
  sequence.blocks.push(...blocks);
  return sequence;
}

test('rows of all sequences lie end to end, each with its position, slot and table', () => {
  const prefill = sequenceWith([10, 11, 12, 13, 14], 4, [3, 1, 7]);
  const decode = sequenceWith([20, 21], 1, [5]);
  const batch = batchOf(
    [
      { sequence: prefill, start: 1, rows: 4 },
      { sequence: decode, start: 1, rows: 1 },
    ],
    2,
  );
  expect(batch).toEqual({
    tokenIds: Int32Array.of(11, 12, 13, 14, 21),
    positions: Int32Array.of(1, 2, 3, 4, 1),
    slotMapping: Int32Array.of(7, 2, 3, 14, 11),
    sequenceOf: Int32Array.of(0, 0, 0, 0, 1),
    blockTable: Int32Array.of(3, 1, 7, 5, 0, 0),
    blocksPerSequence: 3,
    blockSize: 2,
    outputRows: Int32Array.of(3, 4),
  });
});

test.each([
  { start: 0, rows: 2, nextOutput: 4, outputs: [2, 2] },
  { start: 2, rows: 3, nextOutput: 4, outputs: [4, 5] },
  { start: 0, rows: 5, nextOutput: 0, outputs: [0, 5] },
  { start: 0, rows: 3, nextOutput: 2, outputs: [2, 3] },
  { start: 3, rows: 2, nextOutput: 0, outputs: [3, 5] },
])(
  'of rows [$start, +$rows), logits are wanted from position $nextOutput on',
  ({ start, rows, nextOutput, outputs }) => {
    expect(outputsOf({ sequence: sequenceWith([1, 2, 3, 4, 5], nextOutput, [0]), start, rows })).toEqual(outputs);
  },
);
