import type { EngineApi } from '../engine/engine-api.ts';
import { RealizarError } from '../errors.ts';
import { ModelCache, type Lease, type ModelCacheMetrics } from './model-cache.ts';
import { RequestError } from './request-error.ts';

/** A model that the server offers, loaded or not. */
export interface ServedModel {
  /** What requests call it; may contain slashes. */
  readonly id: string;
  /** Where it lies, for whoever loads it. */
  readonly path: string;
  /** For people. Default: the id. */
  readonly name?: string;
  readonly description?: string;
  /** `gguf` or `safetensors`. Default: `gguf`. */
  readonly format?: string;
}

/** @param signal aborts when the server ends before the model is there */
export type LoadModel = (model: ServedModel, signal: AbortSignal) => Promise<EngineApi>;

export interface ServedModelsOptions {
  /** Models kept in memory at once. Default: all of them. */
  readonly capacity?: number;
  /** Bytes of models kept in memory at once. Default: no limit. */
  readonly maxBytes?: number;
  /** Leave the engines open when they go: they are their owner's to close. */
  readonly keepOpen?: boolean;
  /** Hears of models that would not close. Default: standard error. */
  readonly onError?: (error: unknown) => void;
}

/**
 * The models a server offers: each is loaded at its first use, kept while it is in use, and dropped by least recent use.
 * The first is the default.
 */
export class ServedModels {
  readonly #models: ReadonlyMap<string, ServedModel>;
  readonly #load: (id: string) => Promise<EngineApi>;
  readonly #closing = new AbortController();
  readonly #cache: ModelCache<EngineApi>;

  /** @throws RealizarError `invalid-argument` without models, or with two of one id */
  constructor(models: readonly ServedModel[], load: LoadModel, options: ServedModelsOptions = {}) {
    if (models.length === 0) throw new RealizarError('invalid-argument', 'a server needs at least one model to serve');
    this.#models = new Map(models.map((model) => [model.id, model]));
    if (this.#models.size < models.length)
      throw new RealizarError('invalid-argument', 'two of the served models have the same id; give each its own');

    const onError = options.onError ?? ((error) => console.error(error));
    this.#load = (id) => load(this.#models.get(id)!, this.#closing.signal);
    this.#cache = new ModelCache({
      capacity: options.capacity ?? models.length,
      ...(options.maxBytes !== undefined && { maxBytes: options.maxBytes }),
      sizeOf: (engine) => engine.memoryBytes,
      dispose: (engine) => (options.keepOpen ? undefined : engine.close().catch(onError)),
    });
  }

  get metrics(): ModelCacheMetrics {
    return this.#cache.metrics;
  }

  list(): (ServedModel & { readonly loaded: boolean })[] {
    return Array.from(this.#models.values(), (model) => ({ ...model, loaded: this.#cache.has(model.id) }));
  }

  /** The id that a request means; the default model's when it names none. @throws RequestError 404 */
  resolve(id: string | null | undefined): string {
    if (id === undefined || id === null) return this.#models.keys().next().value!;
    if (this.#models.has(id)) return id;
    const param = 'model';
    throw new RequestError(404, `model "${id.slice(0, 200)}" is not served here; GET /models lists those that are`, {
      code: 'model_not_found',
      param,
    });
  }

  /**
   * A model for as long as the lease is held.
   * @throws RequestError 404 for an unknown id, 500 or 503 when it cannot be loaded; the reason is for the log
   */
  async lease(id: string | null | undefined): Promise<Lease<EngineApi>> {
    const key = this.resolve(id);
    return await this.#cache.getOrLoad(key, () => this.#loaded(key));
  }

  /** Loads models before they are asked for. @throws whatever the loader throws */
  async warm(ids: Iterable<string>): Promise<void> {
    await this.#cache.warm(ids, (id) => this.#load(this.resolve(id)));
  }

  /** Frees the models; those that are loading are told to stop. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#cache.close();
  }

  async #loaded(id: string): Promise<EngineApi> {
    try {
      return await this.#load(id);
    } catch (cause) {
      const isMemory = cause instanceof RealizarError && cause.code === 'out-of-memory';
      throw new RequestError(isMemory ? 503 : 500, `model "${id}" could not be loaded; the server's log says why`, {
        code: 'model_load_failed',
        // The clients' default is to retry every 5xx; a broken file stays broken.
        headers: isMemory ? { 'retry-after': '5' } : { 'x-should-retry': 'false' },
        cause,
      });
    }
  }
}

/** A loaded engine as the only model; it stays its owner's to close. */
export function servedEngine(engine: EngineApi): ServedModels {
  return new ServedModels([{ id: engine.modelId, path: '' }], () => Promise.resolve(engine), { keepOpen: true });
}
