import type { Backend, KvDType } from '../backend/backend.ts';
import { kvBytes, kvShape } from '../model/kv-cache.ts';
import type { ModelPlan } from '../model/load-model.ts';

const DEFAULT_CONTEXT = 8192;
/** The process itself, and activations of a prefill chunk. */
const PROCESS_BYTES = 100e6;

export interface MemoryEstimate {
  readonly contextLength: number;
  /** How keys and values are stored. */
  readonly cacheType: KvDType;
  readonly weights: number;
  readonly kvCache: number;
  readonly total: number;
}

/**
 * Bytes that a model will take in the memory of a CPU, from its plan alone.
 *
 * @param context positions of the kv cache, at most the model's own
 */
export function memoryEstimate(
  { config, tensors }: ModelPlan,
  backend: Backend,
  context?: number,
  cacheType: KvDType = 'f32',
): MemoryEstimate {
  const contextLength = Math.min(context ?? DEFAULT_CONTEXT, config.contextLength);
  const weights = tensors.reduce((sum, { dtype, shape }) => sum + backend.weightBytes(dtype, shape), 0);
  const kvCache = kvBytes(kvShape(config, contextLength, cacheType));
  return { contextLength, cacheType, weights, kvCache, total: weights + kvCache + PROCESS_BYTES };
}
