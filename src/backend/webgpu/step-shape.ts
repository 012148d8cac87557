import { sameItems } from '../../tensor/same-items.ts';
import type { Batch } from '../backend.ts';
import type { BatchData } from './batch-data.ts';
import { decodeChunks } from './kernels/attention.ts';

/** What of a batch decides which dispatches are recorded for it; the rest is numbers that kernels read from buffers. */
export interface StepShape {
  readonly tokens: number;
  readonly blockSize: number;
  readonly outputRows: Int32Array;
  /** Decode steps: how attention is cut. */
  readonly chunks: number | undefined;
  /** Other steps: neighbouring rows of a sequence attend together. */
  readonly sequenceOf: Int32Array | undefined;
}

export function stepShape({ outputRows, blockSize }: Batch, data: BatchData): StepShape {
  const { tokens, isDecode, maxPosition, sequenceOf } = data;
  return {
    tokens,
    blockSize,
    outputRows: outputRows.slice(), // whoever made the batch may use the array again
    chunks: isDecode ? decodeChunks(maxPosition) : undefined,
    sequenceOf: isDecode ? undefined : sequenceOf.slice(),
  };
}

/** Whether a batch has a shape. */
export function hasStepShape({ outputRows, blockSize }: Batch, data: BatchData, shape: StepShape): boolean {
  const { tokens, isDecode, maxPosition, sequenceOf } = data;
  return (
    tokens === shape.tokens &&
    blockSize === shape.blockSize &&
    sameItems(outputRows, shape.outputRows) &&
    (isDecode
      ? decodeChunks(maxPosition) === shape.chunks
      : shape.sequenceOf !== undefined && sameItems(sequenceOf, shape.sequenceOf))
  );
}
