import type { AttentionOptions } from '../../backend.ts';
import type { BatchData } from '../batch-data.ts';
import { Gpu } from '../gpu.ts';
import type { GpuTensor } from '../gpu-tensor.ts';
import type { GpuKvLayer } from '../kv-cache.ts';
import type { OpContext } from '../ops.ts';

/** More than any context: the window of a model without one. */
const NO_WINDOW = 2 ** 31;

/** Launches shaders/plain/attention.wgsl → [tokens, numHeads · headDim] */
export function attention(
  { gpu, activation }: OpContext,
  projections: GpuTensor,
  cache: GpuKvLayer,
  data: BatchData,
  { numHeads, numKvHeads, headDim, scale, slidingWindow = NO_WINDOW }: AttentionOptions,
): GpuTensor {
  const y = activation([data.tokens, numHeads * headDim]);
  const params = [headDim, numHeads, numKvHeads, cache.shape.blockSize, slidingWindow, Gpu.bits(scale)];
  gpu.dispatch(
    gpu.kernel('plain/attention', { KV: cache.dtype }),
    [gpu.constants(params), projections.buffer, cache.keys, cache.values, data.rows, data.table, y.buffer],
    [numHeads, data.tokens],
  );
  return y;
}
