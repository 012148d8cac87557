import type { Backend, KvLayer, KvShape } from '../backend/backend.ts';
import type { ModelConfig } from './config.ts';

/** Slots of one block. Small enough to waste little at the end of a sequence, large enough for a kernel's inner loop. */
export const BLOCK_SIZE = 32;

/** The paged keys and values of every layer. Kwon et al. 2023, arXiv:2309.06180. */
export interface KvCache {
  readonly layers: readonly KvLayer[];
  readonly shape: KvShape;
}

/** Room for `positions` positions in all, of one sequence or many. @throws RealizarError `out-of-memory` */
export function createKvCache(backend: Backend, config: ModelConfig, positions: number): KvCache {
  const shape = kvShape(config, positions);
  return { layers: backend.createKvCache(shape), shape };
}

export const kvShape = (config: ModelConfig, positions: number): KvShape => ({
  numLayers: config.numLayers,
  numKvHeads: config.numKvHeads,
  headDim: config.headDim,
  numBlocks: Math.ceil(positions / BLOCK_SIZE),
  blockSize: BLOCK_SIZE,
});

/** Bytes of keys and values in f32. */
export const kvBytes = (s: KvShape): number =>
  2 * 4 * s.numLayers * s.numBlocks * s.blockSize * s.numKvHeads * s.headDim;
