import { RealizarError } from '../errors.ts';

export interface ModelCacheOptions<Model> {
  /** Models kept when nobody uses them; at least 1. */
  readonly capacity: number;
  /** Bytes kept, by `sizeOf`; one model alone may exceed it. Default: no limit. */
  readonly maxBytes?: number;
  readonly sizeOf?: (model: Model) => number;
  /** Frees a model that is out of the cache and out of use. Must not throw. */
  readonly dispose?: (model: Model) => Promise<void> | void;
}

export interface ModelCacheMetrics {
  /** Lookups answered without a load of their own. */
  readonly hits: number;
  /** Loads that succeeded. A load that fails counts nowhere. */
  readonly misses: number;
  readonly evictions: number;
  /** Models held now. */
  readonly size: number;
  readonly bytes: number;
}

/** Hits per lookup in percent, 0 to 100; 0 before the first lookup. */
export function hitRate({ hits, misses }: Pick<ModelCacheMetrics, 'hits' | 'misses'>): number {
  return hits + misses === 0 ? 0 : (100 * hits) / (hits + misses);
}

/** A model in use: it is not freed before `release`, whatever the cache does. */
export interface Lease<Model> extends Disposable {
  readonly model: Model;
  /** Idempotent. */
  release(): void;
}

interface Entry<Model> {
  readonly key: string;
  readonly model: Model;
  readonly bytes: number;
  leases: number;
  cached: boolean;
}

interface Load<Model> {
  readonly entry: Promise<Entry<Model>>;
  waiting: number;
}

/**
 * Models by key, least recently used first out.
 *
 * Parallel lookups of one key share one load. A model in use is never evicted: the cache runs over its limits until a
 * lease ends. The newcomer is loaded before the oldest goes, so that a model that cannot be loaded costs no other.
 */
export class ModelCache<Model> {
  readonly #options: ModelCacheOptions<Model>;
  // A Map keeps insertion order, and each use inserts anew: the first entry is the least recently used.
  readonly #entries = new Map<string, Entry<Model>>();
  readonly #loads = new Map<string, Load<Model>>();
  readonly #disposals = new Set<Promise<void>>();
  #hits = 0;
  #misses = 0;
  #evictions = 0;
  #bytes = 0;
  #closed = false;

  constructor(options: ModelCacheOptions<Model>) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
  }

  get metrics(): ModelCacheMetrics {
    return { hits: this.#hits, misses: this.#misses, evictions: this.#evictions, size: this.size, bytes: this.#bytes };
  }

  /** Whether the model is held now; no use of it. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /**
   * The model of `key`, loaded if need be. A failing loader fails every lookup that waited for it, and is called anew next time.
   * @throws RealizarError `closed`, and whatever `loader` throws
   */
  async getOrLoad(key: string, loader: () => Promise<Model>): Promise<Lease<Model>> {
    if (this.#closed) throw new RealizarError('closed', 'the model cache is closed');
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      entry.leases += 1;
      this.#hits += 1;
      return this.#lease(entry);
    }
    const load = this.#loads.get(key) ?? this.#startLoad(key, loader);
    load.waiting += 1;
    return this.#lease(await load.entry);
  }

  /** Loads what is missing, one after another, in order; the last ones stay if they do not all fit. */
  async warm(keys: Iterable<string>, loader: (key: string) => Promise<Model>): Promise<void> {
    for (const key of keys) (await this.getOrLoad(key, () => loader(key))).release();
  }

  /** Empties the cache. Models in use are freed when their last lease ends. Hits, misses and evictions stay. */
  async clear(): Promise<void> {
    for (const entry of this.#entries.values()) this.#remove(entry);
    await Promise.all(this.#disposals);
  }

  /** Empties the cache for good; loads under way are freed when they end. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(Array.from(this.#loads.values(), (load) => load.entry));
    await this.clear();
  }

  #startLoad(key: string, loader: () => Promise<Model>): Load<Model> {
    const load: Load<Model> = { waiting: 0, entry: this.#finishLoad(key, loader) };
    this.#loads.set(key, load);
    return load;
  }

  async #finishLoad(key: string, loader: () => Promise<Model>): Promise<Entry<Model>> {
    await Promise.resolve(); // so that the load is registered even when the loader throws at once
    const load = this.#loads.get(key)!;
    try {
      const model = await loader();
      // Those who wait get their leases here, before anything can evict the newcomer.
      const entry: Entry<Model> = {
        key,
        model,
        bytes: this.#options.sizeOf?.(model) ?? 0,
        leases: load.waiting,
        cached: false,
      };
      if (this.#closed) {
        this.#dispose(entry);
        throw new RealizarError('closed', 'the model cache was closed while the model was loading');
      }
      this.#misses += 1;
      this.#hits += load.waiting - 1;
      this.#insert(entry);
      return entry;
    } finally {
      this.#loads.delete(key);
    }
  }

  #lease(entry: Entry<Model>): Lease<Model> {
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      entry.leases -= 1;
      if (entry.leases > 0) return;
      if (entry.cached) this.#trim();
      else this.#dispose(entry);
    };
    return { model: entry.model, release, [Symbol.dispose]: release };
  }

  #insert(entry: Entry<Model>): void {
    entry.cached = true;
    this.#bytes += entry.bytes;
    this.#entries.set(entry.key, entry);
    this.#trim();
  }

  #trim(): void {
    const { capacity, maxBytes = Infinity } = this.#options;
    for (const entry of this.#entries.values()) {
      const fits = this.size <= Math.max(1, capacity) && (this.#bytes <= maxBytes || this.size === 1);
      if (fits) return;
      if (entry.leases > 0) continue;
      this.#evictions += 1;
      this.#remove(entry);
    }
  }

  #remove(entry: Entry<Model>): void {
    entry.cached = false;
    this.#bytes -= entry.bytes;
    this.#entries.delete(entry.key);
    if (entry.leases === 0) this.#dispose(entry);
  }

  #dispose(entry: Entry<Model>): void {
    const disposal = Promise.resolve(this.#options.dispose?.(entry.model)).finally(() =>
      this.#disposals.delete(disposal),
    );
    this.#disposals.add(disposal);
  }
}
