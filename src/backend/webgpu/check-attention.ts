import { RealizarError } from '../../errors.ts';
import type { AttentionOptions, Batch, KvLayer } from '../backend.ts';
import type { BatchData } from './batch-data.ts';
import type { Gpu } from './gpu.ts';
import type { GpuKvLayer } from './kv-cache.ts';

/** What one lane of shaders/plain/attention.wgsl can add up. */
const MAX_HEAD_DIM = 512;

/**
 * Sees that no kernel will read or write beyond the cache.
 * @throws RealizarError `invalid-argument`
 */
export function checkAttention(
  gpu: Gpu,
  cache: KvLayer,
  batch: Batch,
  data: BatchData,
  { numHeads, numKvHeads, headDim, rope, slidingWindow = 1 }: AttentionOptions,
): GpuKvLayer {
  const layer = cache as GpuKvLayer;
  require(layer.gpu === gpu, 'the kv cache is not of this backend');
  const { shape } = layer;
  require(shape.numKvHeads === numKvHeads && shape.headDim === headDim, 'the kv cache has other heads than the layer');
  require(shape.blockSize === batch.blockSize, 'the kv cache has other blocks than the batch');
  require(data.slots <= shape.numBlocks * shape.blockSize, `slot ${data.slots - 1} is beyond the kv cache`);
  require(data.blocks <= shape.numBlocks, `block ${data.blocks - 1} is beyond the kv cache`);
  require(numHeads % numKvHeads === 0, `${numHeads} query heads cannot share ${numKvHeads} key heads`);
  require(headDim <= MAX_HEAD_DIM, `heads of ${headDim} numbers are more than ${MAX_HEAD_DIM}`);
  const pairs = rope.dimensions / 2;
  const rotates = Number.isInteger(pairs) && rope.dimensions <= headDim && rope.frequencies.length >= pairs;
  require(rotates, `rope cannot rotate ${rope.dimensions} numbers of a head of ${headDim}`);
  require(slidingWindow >= 1, 'a sliding window holds at least the position itself');
  return layer;
}

function require(holds: boolean, message: string): void {
  if (!holds) throw new RealizarError('invalid-argument', message);
}
