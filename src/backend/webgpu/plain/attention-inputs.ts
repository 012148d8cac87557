import type { AttentionOptions } from '../../backend.ts';
import type { BatchData } from '../batch-data.ts';
import { Gpu } from '../gpu.ts';
import type { GpuTensor } from '../gpu-tensor.ts';
import type { GpuKvLayer } from '../kv-cache.ts';
import type { GpuAttentionWeights, OpContext } from '../ops.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';

/** Norm and projections; shaders/plain/heads.wgsl then turns heads and fills the cache. */
export function attentionInputs(
  context: OpContext,
  x: GpuTensor,
  weights: GpuAttentionWeights,
  cache: GpuKvLayer,
  data: BatchData,
  options: AttentionOptions,
): GpuTensor {
  const { numHeads, numKvHeads, headDim, normEps } = options;
  const normed = rmsNorm(context, x, weights.norm, normEps);
  const projections = context.activation([data.tokens, (numHeads + 2 * numKvHeads) * headDim]);
  linear(context, normed, weights.query, projections);
  linear(context, normed, weights.key, projections, { first: numHeads * headDim });
  linear(context, normed, weights.value, projections, { first: (numHeads + numKvHeads) * headDim });
  placeHeads(context, projections, weights, cache, data, options);
  return projections;
}

/** Norms and turns the heads of projections, in place, and fills the cache. */
export function placeHeads(
  { gpu, ropeOf }: OpContext,
  projections: GpuTensor,
  { queryNorm, keyNorm }: Pick<GpuAttentionWeights, 'queryNorm' | 'keyNorm'>,
  cache: GpuKvLayer,
  data: BatchData,
  { numHeads, numKvHeads, headDim, normEps, rope }: AttentionOptions,
): void {
  const pairs = rope.dimensions / 2;
  const [stride, apart] = rope.pairing === 'interleaved' ? [2, 1] : [1, pairs];
  const hasNorms = queryNorm !== undefined && keyNorm !== undefined;
  const kernel = gpu.kernel('plain/heads', { KV: cache.dtype, HEAD_NORMS: hasNorms });
  const params = gpu.constants([headDim, numHeads, numKvHeads, pairs, stride, apart, Gpu.bits(normEps)]);
  const bound = [params, projections.buffer, data.rows, ropeOf(data, rope), cache.keys, cache.values];
  if (hasNorms) bound.push(queryNorm.buffer, keyNorm.buffer);
  gpu.dispatch(kernel, bound, [numHeads + 2 * numKvHeads, data.tokens]);
}
