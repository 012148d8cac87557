import type { AttentionOptions, Batch } from '../../backend.ts';
import type { ReferenceKvLayer } from '../reference-tensor.ts';

/**
 * y[t, h] = Σₚ softmaxₚ(scale · q[t, h] · keys[p, h / group]) · values[p, h / group], p up to the token's own position.
 * Ainslie et al. 2023, arXiv:2305.13245; Kwon et al. 2023, arXiv:2309.06180.
 *
 * @param q [tokens, numHeads · headDim]
 * @returns [tokens, numHeads · headDim]
 */
export function attention(
  q: Float32Array,
  cache: ReferenceKvLayer,
  batch: Batch,
  options: AttentionOptions,
): Float32Array {
  const { numHeads, numKvHeads, headDim, scale } = options;
  const group = numHeads / numKvHeads;
  const y = new Float32Array(q.length);

  for (let t = 0; t < batch.positions.length; t++) {
    const slots = visibleSlots(batch, t, options.slidingWindow);
    const weights = new Float64Array(slots.length);
    for (let head = 0; head < numHeads; head++) {
      const query = (t * numHeads + head) * headDim;
      const kvHead = Math.floor(head / group);

      for (let p = 0; p < slots.length; p++) {
        const key = (slots[p]! * numKvHeads + kvHead) * headDim;
        let dot = 0;
        for (let i = 0; i < headDim; i++) dot += q[query + i]! * cache.keys[key + i]!;
        weights[p] = scale * dot;
      }
      softmax(weights);

      const mixed = new Float64Array(headDim);
      for (let p = 0; p < slots.length; p++) {
        const value = (slots[p]! * numKvHeads + kvHead) * headDim;
        for (let i = 0; i < headDim; i++) mixed[i]! += weights[p]! * cache.values[value + i]!;
      }
      y.set(mixed, query);
    }
  }
  return y;
}

/** The slots of the positions that token `t` sees, oldest first. */
function visibleSlots(batch: Batch, t: number, slidingWindow = Infinity): Int32Array {
  const { blockSize, blockTable, blocksPerSequence } = batch;
  const last = batch.positions[t]!;
  const first = Math.max(0, last - slidingWindow + 1);
  const blocks = batch.sequenceOf[t]! * blocksPerSequence;
  return Int32Array.from({ length: last - first + 1 }, (_, i) => {
    const position = first + i;
    return blockTable[blocks + Math.floor(position / blockSize)]! * blockSize + (position % blockSize);
  });
}

/** xᵢ = exp(xᵢ) / Σ exp(x), in place; the largest is taken off first, so that nothing overflows. */
function softmax(x: Float64Array): void {
  const max = x.reduce((a, b) => Math.max(a, b), -Infinity);
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] = Math.exp(x[i]! - max);
  for (let i = 0; i < x.length; i++) x[i]! /= sum;
}
