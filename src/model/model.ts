import type { Backend, Batch } from '../backend/backend.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Architecture } from './architecture.ts';
import type { ModelConfig } from './config.ts';
import { createKvCache, kvBytes, type KvCache } from './kv-cache.ts';
import type { ModelWeights } from './weights.ts';

export interface ModelParts {
  readonly architecture: Architecture;
  readonly config: ModelConfig;
  readonly weights: ModelWeights;
  readonly weightBytes: number;
  /** Positions of the kv cache. */
  readonly contextLength: number;
}

/** A loaded model: its weights, its keys and values, and the backend that holds both. */
export class Model {
  readonly config: ModelConfig;
  readonly backend: Backend;
  readonly cache: KvCache;
  /** Positions that one sequence may have. */
  readonly contextLength: number;
  readonly memoryBytes: number;
  readonly #architecture: Architecture;
  readonly #weights: ModelWeights;

  /** @throws RealizarError `out-of-memory` */
  constructor(backend: Backend, parts: ModelParts) {
    this.config = parts.config;
    this.backend = backend;
    this.contextLength = parts.contextLength;
    this.cache = createKvCache(backend, parts.config, parts.contextLength);
    this.memoryBytes = parts.weightBytes + kvBytes(this.cache.shape);
    this.#architecture = parts.architecture;
    this.#weights = parts.weights;
  }

  /** One forward pass: tokens → embedding → layers → logits of `batch.outputRows`, [outputRows, vocab]. Call inside a `scope`. */
  forward(batch: Batch): Tensor {
    const { backend: op, config: c } = this;
    const w = this.#weights;
    const x = op.embed(w.embedding, batch); // [tokens, hidden]
    w.layers.forEach((layer, i) => this.#architecture.decoderLayer(op, layer, c, this.cache.layers[i]!, batch, x));
    return op.logits(x, w.outputNorm, c.normEps, w.head, batch.outputRows);
  }

  /** Runs a batch. @returns the logits of its output rows, [outputRows, vocab] */
  async run(batch: Batch): Promise<Float32Array> {
    return this.backend.scope(() => this.backend.read(this.forward(batch)));
  }

  async dispose(): Promise<void> {
    await this.backend.dispose();
  }
}
