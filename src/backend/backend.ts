import type { DType } from '../dtype/index.ts';
import type { Tensor } from '../tensor/tensor.ts';

export const backendNames = ['webgpu', 'wasm', 'webgl', 'reference'] as const;
export type BackendName = (typeof backendNames)[number];

/** What may be asked for: a backend by name, or the best that this machine has. */
export type BackendChoice = BackendName | 'auto';

/** What a backend says of itself in `info`, `doctor` and benchmarks. */
export interface BackendInfo {
  readonly name: BackendName;
  /** Kernel set, such as `relaxed-dot`; what it means stands in the backend's README section. */
  readonly mode: string;
  readonly threads: number;
  /** The GPU that computes, as its driver names it. */
  readonly device?: string | undefined;
  /** Steps that may be recorded before the first of them is read; 1 unless given. */
  readonly stepsInFlight?: number | undefined;
  /** Uploads that are worth starting before the first of them has ended; 1 unless given. */
  readonly uploadsInFlight?: number | undefined;
  /** What `tune` chose. */
  readonly tuned?: readonly TunedKernel[] | undefined;
}

/** Whether kernels are timed on a model's weights: where nothing is known of them yet, never, or once more. */
export const autotuneModes = ['on', 'off', 'again'] as const;
export type AutotuneMode = (typeof autotuneModes)[number];

/** How one kind of a model's products is computed. */
export interface TunedKernel {
  /** Such as `gate, up 2048×11264 q4_0`. */
  readonly product: string;
  /** Such as `matvec, 128 invocations of 2 rows`. */
  readonly kernel: string;
  /** By the device's facts, by a measurement of now, or by one of an earlier time. */
  readonly origin: 'table' | 'measured' | 'cache';
}

/** A weight as it lies in its checkpoint. */
export interface WeightSource {
  readonly name: string;
  readonly dtype: DType;
  /** [rows, columns], or [length] of a vector. */
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Bytes [start, end) of the data; into `into` when given. */
  read(start: number, end: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Where the data lie, if in a file that this process has open: a backend's threads may read it by themselves. */
  locate?(): FileRange | undefined;
}

/** Where in an open file bytes begin. */
export interface FileRange {
  readonly file: {
    readonly descriptor: number;
    /** To be asked after reading. @throws RealizarError `changed-while-reading` | `io-failed` */
    verify(): Promise<void>;
  };
  readonly offset: number;
}

/** y = x Wᵀ + b */
export interface Linear {
  /** [outputs, inputs], in the backend's own layout. */
  readonly weight: Tensor;
  /** [outputs], f32. */
  readonly bias?: Tensor | undefined;
}

export interface AttentionWeights {
  /** [hidden], f32: the norm before the projections. */
  readonly norm: Tensor;
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  /** [headDim], f32: RMS norm of every query and key head before rope (Qwen 3). */
  readonly queryNorm?: Tensor | undefined;
  readonly keyNorm?: Tensor | undefined;
}

export interface FeedForwardWeights {
  /** [hidden], f32 */
  readonly norm: Tensor;
  readonly gate: Linear;
  readonly up: Linear;
}

/** What a model multiplies by, told once it is uploaded. */
export interface ModelProducts {
  readonly layers: readonly {
    readonly attention: AttentionWeights;
    readonly attentionOutput: Linear;
    readonly feedForward: FeedForwardWeights;
    readonly feedForwardDown: Linear;
  }[];
  /** [hidden], f32 */
  readonly outputNorm: Tensor;
  readonly head: Linear;
  readonly normEps: number;
}

/** Rotary position embedding. Su et al. 2021, arXiv:2104.09864. */
export interface Rope {
  /** Numbers (2i, 2i+1) of a head make a pair (GGUF's `llama`), or (i, i + dimensions/2) (Hugging Face, GGUF's `qwen2`). */
  readonly pairing: 'interleaved' | 'half';
  /** Numbers of a head that are rotated; the rest pass through. Even, at most headDim. */
  readonly dimensions: number;
  /** [dimensions / 2] radians per position, scaling (linear, llama3, yarn) already applied. */
  readonly frequencies: Float64Array;
  /** Factor on cos and sin (yarn's attention factor); 1 otherwise. */
  readonly magnitude: number;
}

export interface AttentionOptions {
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  /** Factor on q · k; headDim^-0.5 unless the model says otherwise. */
  readonly scale: number;
  readonly rope: Rope;
  readonly normEps: number;
  /** A query sees at most so many of the latest positions, itself among them; undefined: all. */
  readonly slidingWindow?: number | undefined;
}

/**
 * What one forward pass works on: rows of one or more sequences, prefill and decode mixed freely.
 * A sequence's keys and values lie in blocks of `blockSize` slots; slot = block · blockSize + offset. Kwon et al. 2023, arXiv:2309.06180.
 */
export interface Batch {
  /** [tokens] */
  readonly tokenIds: Int32Array;
  /** [tokens] position of each row in its sequence. Rows of one sequence are neighbours and rise by one. */
  readonly positions: Int32Array;
  /** [tokens] the slot where the row's key and value go. */
  readonly slotMapping: Int32Array;
  /** [tokens] which row of `blockTable` the token belongs to. */
  readonly sequenceOf: Int32Array;
  /** [sequences, blocksPerSequence] block numbers, in order; unused entries are 0. */
  readonly blockTable: Int32Array;
  readonly blocksPerSequence: number;
  readonly blockSize: number;
  /** Rows whose logits are wanted, rising. */
  readonly outputRows: Int32Array;
  /** Tokens that the host does not know yet, because the backend chose them in a step that is still in flight. */
  readonly chosen?: ChosenTokens | undefined;
}

/** Tokens that a backend takes from its own `best`. */
export interface ChosenTokens {
  /** What `best` returned. */
  readonly best: Tensor;
  /** [tokens] the row of `best` whose first id is the token of the batch's row; -1: `tokenIds` has it. */
  readonly rows: Int32Array;
}

/** How keys and values may be stored; `q8_0`: 8 bits, a scale for every 32 values of a head. */
export const kvDTypes = ['f32', 'f16', 'q8_0'] as const;
export type KvDType = (typeof kvDTypes)[number];

export interface KvShape {
  readonly numLayers: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly numBlocks: number;
  readonly blockSize: number;
  /** Default: the backend's own choice. */
  readonly dtype?: KvDType | undefined;
}

/** What a model will bring: told before it is uploaded, so that what works together is put together. */
export interface MemoryPlan {
  /** In the order in which a forward pass meets them. */
  readonly parts: readonly MemoryPart[];
  readonly kvCache: KvShape;
}

/** Weights that take part in the same ops: the embedding, a layer, the output. */
export interface MemoryPart {
  readonly weights: readonly Pick<WeightSource, 'name' | 'dtype' | 'shape'>[];
  /** The layer, where it is one, whose keys and values belong to it. */
  readonly layer?: number | undefined;
}

/** Which logits are wanted: of each row the `count` largest of the first `limit`. */
export interface BestOf {
  readonly count: number;
  readonly limit: number;
}

/** Keys and values of one layer; the backend's own. */
export interface KvLayer {
  readonly layer: number;
}

/** Where the time of a backend's work went. */
export interface OpTime {
  /** Such as `linear 2048×5632`. */
  readonly op: string;
  readonly calls: number;
  readonly milliseconds: number;
  /** Waiting, after the work, for other threads. */
  readonly waitingMilliseconds: number;
}

/**
 * Where the arithmetic happens: the narrow waist between models and machines.
 *
 * Calls record or run in order; only `read` waits. Activations are f32 and live until the `scope` that made them ends.
 * Every op reduces in an order fixed by the shape of one row: the bits of a row do not depend on the batch, the chunk,
 * or the number of threads.
 */
export interface Backend {
  readonly info: BackendInfo;

  /**
   * Makes memory ready for a model, where a backend has more than one: call it first, or not at all.
   * @throws RealizarError `out-of-memory`, before anything is read
   */
  reserve?(plan: MemoryPlan): Promise<void>;

  /**
   * Brings weights into the backend's own layout. Any dtype of `dtype/index.ts`; vectors become f32.
   * @throws RealizarError `out-of-memory` | `unsupported-dtype`
   */
  upload(source: WeightSource): Promise<Tensor>;

  /** Bytes that `upload` will take for such a weight: for `realizar info` and for refusing before loading. */
  weightBytes(dtype: DType, shape: readonly number[]): number;

  /**
   * Lets a backend find out which of its kernels are the fastest for these weights: call it once they are uploaded, or not at all.
   * Results stay the same to the bit. @throws RealizarError `device-lost` | `closed`
   */
  tune?(products: ModelProducts): Promise<void>;

  createKvCache(shape: KvShape): readonly KvLayer[];

  /** Frees the activations made inside when `body` ends. */
  scope<T>(body: () => T): T;

  /**
   * A step of a model: a scope in which `record` records ops on `batch`, once for many batches. Where a batch has the shape of
   * one that was recorded before, under the same recipe, a backend may run those ops again with the new numbers, and return
   * what `record` returned then. Tensors that it returned may be read after the step, until anything else is recorded.
   * Absent where recording is cheap enough.
   *
   * @param recipe all that `record` depends on besides the shape of the batch; compared item by item
   */
  step?<T>(batch: Batch, recipe: readonly unknown[], record: () => T): T;

  /** Rows of `table` [vocab, hidden] for `batch.tokenIds` → [tokens, hidden] */
  embed(table: Tensor, batch: Batch): Tensor;

  /**
   * RMS norm of `x`; q, k, v projections; norm of q and k heads where the weights have one; rope on q and k; k and v go
   * into the cache's slots.
   *
   * @param x [tokens, hidden], not changed
   * @returns q [tokens, numHeads · headDim] for `attention` alone: a backend may leave part of the work to it
   */
  attentionInputs(
    x: Tensor,
    weights: AttentionWeights,
    cache: KvLayer,
    batch: Batch,
    options: AttentionOptions,
  ): Tensor;

  /**
   * Causal grouped-query attention over the paged cache: softmax(scale · q kᵀ) v, head by head.
   *
   * @param q what `attentionInputs` returned for the same cache, batch and options
   * @returns [tokens, numHeads · headDim]
   */
  attention(q: Tensor, cache: KvLayer, batch: Batch, options: AttentionOptions): Tensor;

  /** x += input Wᵀ + b, in place. `x` [tokens, outputs], `input` [tokens, inputs]. */
  addLinear(x: Tensor, input: Tensor, linear: Linear): void;

  /** silu(gate(norm(x))) ⊙ up(norm(x)) → [tokens, intermediate]. Shazeer 2020, arXiv:2002.05202. */
  gatedLinear(x: Tensor, weights: FeedForwardWeights, normEps: number): Tensor;

  /**
   * Logits of chosen rows: norm, then the output head [vocab, hidden] → [rows.length, vocab]
   * @param bestOf what `best` will be asked of them: a backend may begin with it at once; the logits are the same
   */
  logits(x: Tensor, norm: Tensor, normEps: number, head: Linear, rows: Int32Array, bestOf?: BestOf): Tensor;

  /**
   * The `count` largest of the first `limit` columns of each row, largest first; of equals the lower id first. A NaN counts as
   * larger than any number, so that nobody overlooks it.
   *
   * @param logits [rows, vocab], not changed
   * @returns [rows, 2 · count]: ids, then their logits. It outlives its scope, until `info.stepsInFlight` more were made.
   */
  best(logits: Tensor, count: number, limit: number): Tensor;

  /**
   * Runs what is recorded and copies a tensor out, as f32. The caller may yield to other work meanwhile; calls on one backend
   * are made one after another, except that `info.stepsInFlight` steps may be recorded and wait for their reads.
   * @throws RealizarError `closed`
   */
  read(tensor: Tensor): Promise<Float32Array>;

  /**
   * Where the time went since the last call, dearest first. Measuring begins with the first call, which returns nothing.
   * Absent where a backend cannot tell.
   */
  profile?(): Promise<readonly OpTime[]>;

  /** Frees everything and ends its threads; later calls throw `closed`. */
  dispose(): Promise<void>;
}
