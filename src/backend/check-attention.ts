import { RealizarError } from '../errors.ts';
import type { AttentionOptions, Batch, KvShape } from './backend.ts';
import type { CacheReach } from './cache-reach.ts';

/**
 * Sees that no kernel will read or write beyond the cache.
 * @throws RealizarError `invalid-argument`
 */
export function checkAttention(shape: KvShape, batch: Batch, reach: CacheReach, options: AttentionOptions): void {
  const { numHeads, numKvHeads, headDim, rope, slidingWindow = 1 } = options;
  require(shape.numKvHeads === numKvHeads && shape.headDim === headDim, 'the kv cache has other heads than the layer');
  require(shape.blockSize === batch.blockSize, 'the kv cache has other blocks than the batch');
  require(reach.slots <= shape.numBlocks * shape.blockSize, `slot ${reach.slots - 1} is beyond the kv cache`);
  require(reach.blocks <= shape.numBlocks, `block ${reach.blocks - 1} is beyond the kv cache`);
  require(numHeads % numKvHeads === 0, `${numHeads} query heads cannot share ${numKvHeads} key heads`);
  const pairs = rope.dimensions / 2;
  const rotates = Number.isInteger(pairs) && rope.dimensions <= headDim && rope.frequencies.length >= pairs;
  require(rotates, `rope cannot rotate ${rope.dimensions} numbers of a head of ${headDim}`);
  require(slidingWindow >= 1, 'a sliding window holds at least the position itself');
}

function require(holds: boolean, message: string): void {
  if (!holds) throw new RealizarError('invalid-argument', message);
}
