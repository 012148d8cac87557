import type { AttentionOptions, BestOf, Rope } from '../backend.ts';
import type { BatchData } from './batch-data.ts';
import type { Gpu } from './gpu.ts';
import type { GpuTensor, GpuWeight } from './gpu-tensor.ts';
import type { GpuKvLayer } from './kv-cache.ts';

/** A product's operands, checked. */
export interface GpuLinear {
  readonly weight: GpuWeight;
  /** [outputs] */
  readonly bias: GpuTensor | undefined;
}

export interface GpuAttentionWeights {
  readonly norm: GpuTensor;
  readonly query: GpuLinear;
  readonly key: GpuLinear;
  readonly value: GpuLinear;
  readonly queryNorm: GpuTensor | undefined;
  readonly keyNorm: GpuTensor | undefined;
}

export interface GpuFeedForwardWeights {
  readonly norm: GpuTensor;
  readonly gate: GpuLinear;
  readonly up: GpuLinear;
}

/** What ops take beside their operands. */
export interface OpContext {
  readonly gpu: Gpu;
  /** f32 numbers that live until the scope ends. */
  readonly activation: (shape: readonly number[]) => GpuTensor;
  /** (cos, sin) of every row and pair of a batch. */
  readonly ropeOf: (data: BatchData, rope: Rope) => GPUBuffer;
  /** u32 numbers that live until the step is submitted. */
  readonly words: (values: Int32Array<ArrayBuffer>) => GPUBuffer;
}

/**
 * The ops of `Backend` once their operands are checked and known to lie on this GPU. `plain/` has one plainly correct kernel for each;
 * `kernels/` has faster ones for what they can do, and hands the rest on.
 */
export interface Ops {
  embed(table: GpuWeight, data: BatchData): GpuTensor;
  /**
   * Leaves query, key and value of each row in the result, and, unless `attention` does it, keys and values in the cache.
   * @returns [tokens, queries | keys | values]
   */
  attentionInputs(
    x: GpuTensor,
    weights: GpuAttentionWeights,
    cache: GpuKvLayer,
    data: BatchData,
    options: AttentionOptions,
  ): GpuTensor;
  attention(projections: GpuTensor, cache: GpuKvLayer, data: BatchData, options: AttentionOptions): GpuTensor;
  addLinear(x: GpuTensor, input: GpuTensor, linear: GpuLinear): void;
  gatedLinear(x: GpuTensor, weights: GpuFeedForwardWeights, normEps: number): GpuTensor;
  /**
   * @param rows u32 [count]: rows of `x` that are wanted
   * @param bestOf what `best` will be asked of them
   */
  logits(
    x: GpuTensor,
    norm: GpuTensor,
    normEps: number,
    head: GpuLinear,
    rows: GPUBuffer,
    count: number,
    bestOf?: BestOf,
  ): GpuTensor;
  /** @param y f32 [rows, 2 · count] */
  best(logits: GpuTensor, count: number, limit: number, y: GpuTensor): void;
}
