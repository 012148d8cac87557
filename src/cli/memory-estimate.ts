import type { Backend } from '../backend/backend.ts';
import { kvBytes, kvShape } from '../model/kv-cache.ts';
import type { ModelPlan } from '../model/load-model.ts';

const DEFAULT_CONTEXT = 8192;
/** The process itself, and activations of a prefill chunk. */
const PROCESS_BYTES = 100e6;

export interface MemoryEstimate {
  readonly contextLength: number;
  readonly weights: number;
  readonly kvCache: number;
  readonly total: number;
}

/** Bytes that a model will take in memory, from its plan alone. */
export function memoryEstimate({ config, tensors }: ModelPlan, backend: Backend, context?: number): MemoryEstimate {
  const contextLength = Math.min(context ?? DEFAULT_CONTEXT, config.contextLength);
  const weights = tensors.reduce((sum, { dtype, shape }) => sum + backend.weightBytes(dtype, shape), 0);
  const kvCache = kvBytes(kvShape(config, contextLength));
  return { contextLength, weights, kvCache, total: weights + kvCache + PROCESS_BYTES };
}
