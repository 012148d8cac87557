import type { Backend, KvDType, KvLayer, KvShape } from '../backend/backend.ts';
import type { ModelConfig } from './config.ts';

/** Slots of one block. Small enough to waste little at the end of a sequence, large enough for a kernel's inner loop. */
export const BLOCK_SIZE = 32;

/** The paged keys and values of every layer. Kwon et al. 2023, arXiv:2309.06180. */
export interface KvCache {
  readonly layers: readonly KvLayer[];
  readonly shape: KvShape;
}

/**
 * Room for `positions` positions in all, of one sequence or many.
 *
 * @param dtype how keys and values are stored; undefined: as the backend likes
 * @throws RealizarError `out-of-memory`
 */
export function createKvCache(
  backend: Backend,
  config: ModelConfig,
  positions: number,
  dtype: KvDType | undefined,
): KvCache {
  const shape = kvShape(config, positions, dtype);
  return { layers: backend.createKvCache(shape), shape };
}

/** What of a model its keys and values depend on. */
export type KvConfig = Pick<ModelConfig, 'numLayers' | 'numKvHeads' | 'headDim'>;

export const kvShape = (config: KvConfig, positions: number, dtype?: KvDType): KvShape => ({
  numLayers: config.numLayers,
  numKvHeads: config.numKvHeads,
  headDim: config.headDim,
  numBlocks: Math.ceil(positions / BLOCK_SIZE),
  blockSize: BLOCK_SIZE,
  dtype,
});

/** Bytes of a number; of q8_0 a scale for every 32 is shared out. */
const valueBytes: Readonly<Record<KvDType, number>> = { f32: 4, f16: 2, q8_0: 1 + 2 / 32 };

/** Bytes of keys and values, in f32 where the shape leaves it to the backend. */
export const kvBytes = (s: KvShape): number =>
  2 * valueBytes[s.dtype ?? 'f32'] * s.numLayers * s.numBlocks * s.blockSize * s.numKvHeads * s.headDim;
