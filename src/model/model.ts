import type { Backend, Batch, BestOf, KvDType } from '../backend/backend.ts';
import { RealizarError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Architecture } from './architecture.ts';
import type { ModelConfig } from './config.ts';
import { createKvCache, kvBytes, type KvCache } from './kv-cache.ts';
import type { ModelWeights } from './weights.ts';

/** Weights, where they are. */
export interface LoadedWeights {
  readonly backend: Backend;
  readonly weights: ModelWeights;
}

export interface ModelParts extends LoadedWeights {
  readonly architecture: Architecture;
  readonly config: ModelConfig;
  readonly weightBytes: number;
  /** Positions of the kv cache. */
  readonly contextLength: number;
  /** How keys and values are stored; undefined: as the backend likes. */
  readonly kvCacheType?: KvDType | undefined;
  /** Loads the same weights into a fresh backend. */
  readonly reload?: (() => Promise<LoadedWeights>) | undefined;
}

/** A step that was recorded. */
export interface ModelStep {
  /** Logits of the output rows, [outputRows, vocab]; or the best, [outputRows, 2 · count]: ids, then their logits. */
  readonly results: Promise<Float32Array>;
  /** The best, where they are: a later batch may take its tokens from there. */
  readonly best: Tensor | undefined;
}

/** A loaded model: its weights, its keys and values, and the backend that holds both. */
export class Model {
  readonly config: ModelConfig;
  /** Positions that one sequence may have. */
  readonly contextLength: number;
  readonly memoryBytes: number;
  readonly #parts: ModelParts;
  #backend: Backend;
  #cache: KvCache;
  #weights: ModelWeights;
  /** Between the loss of a device and the end of `restore`. */
  #isLost = false;

  /** @throws RealizarError `out-of-memory` */
  constructor(parts: ModelParts) {
    this.config = parts.config;
    this.contextLength = parts.contextLength;
    this.#parts = parts;
    this.#backend = parts.backend;
    this.#weights = parts.weights;
    this.#cache = this.#emptyCache();
    this.memoryBytes = parts.weightBytes + kvBytes(this.cache.shape);
  }

  get backend(): Backend {
    return this.#backend;
  }

  get cache(): KvCache {
    return this.#cache;
  }

  /**
   * One forward pass: tokens → embedding → layers → logits of `batch.outputRows`, [outputRows, vocab]. Call inside a `scope`.
   * @param bestOf what `best` will be asked of them
   */
  forward(batch: Batch, bestOf?: BestOf): Tensor {
    const { backend: op, config: c } = this;
    const w = this.#weights;
    const x = op.embed(w.embedding, batch); // [tokens, hidden]
    w.layers.forEach((layer, i) =>
      this.#parts.architecture.decoderLayer(op, layer, c, this.cache.layers[i]!, batch, x),
    );
    return op.logits(x, w.outputNorm, c.normEps, w.head, batch.outputRows, bestOf);
  }

  /**
   * Records a forward pass and has its results read: all logits, or what `bestOf` says. Steps are read in the order of their recording.
   * @throws RealizarError `device-lost`, also in `results`: call `restore`
   */
  start(batch: Batch, bestOf?: BestOf): ModelStep {
    if (this.#isLost) throw new RealizarError('device-lost', 'the device of this model was lost');
    const { backend: op } = this;
    const record = (): { logits: Tensor; best: Tensor | undefined } => {
      const logits = this.forward(batch, bestOf);
      return { logits, best: bestOf && op.best(logits, bestOf.count, bestOf.limit) };
    };
    const read = ({ logits, best }: ReturnType<typeof record>): ModelStep => ({
      results: op.read(best ?? logits),
      best,
    });
    if (op.step === undefined) return op.scope(() => read(record()));
    return read(op.step(batch, [this, bestOf?.count, bestOf?.limit], record));
  }

  /** Runs a batch. @returns the logits of its output rows, [outputRows, vocab] */
  async run(batch: Batch): Promise<Float32Array> {
    return this.start(batch).results;
  }

  /**
   * Brings the model back after its device was lost: a fresh backend, the weights from their checkpoint, an empty cache.
   * @throws RealizarError `device-lost` for a model that cannot be loaded again; what opening and reading throw
   */
  async restore(): Promise<void> {
    this.#isLost = true;
    const { reload } = this.#parts;
    if (reload === undefined)
      throw new RealizarError('device-lost', 'the device of this model was lost; load the model again');
    await this.#backend.dispose();
    ({ backend: this.#backend, weights: this.#weights } = await reload());
    this.#cache = this.#emptyCache();
    this.#isLost = false;
  }

  async dispose(): Promise<void> {
    await this.backend.dispose();
  }

  #emptyCache(): KvCache {
    const { config, contextLength, kvCacheType } = this.#parts;
    return createKvCache(this.#backend, config, contextLength, kvCacheType);
  }
}
