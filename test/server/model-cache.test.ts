import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hitRate, ModelCache } from '../../src/server/model-cache.ts';

interface FakeModel {
  readonly key: string;
  readonly bytes: number;
}

function fakeCache(capacity: number, maxBytes = Infinity, bytesOf: (key: string) => number = () => 1) {
  const loads: string[] = [];
  const disposed: string[] = [];
  const cache = new ModelCache<FakeModel>({
    capacity,
    maxBytes,
    sizeOf: ({ bytes }) => bytes,
    dispose: ({ key }) => void disposed.push(key),
  });
  const load = (key: string) => (): Promise<FakeModel> => {
    loads.push(key);
    return Promise.resolve({ key, bytes: bytesOf(key) });
  };
  /** One request: takes the model and gives it back. */
  const use = async (key: string): Promise<void> => (await cache.getOrLoad(key, load(key))).release();
  return { cache, loads, disposed, load, use };
}

const rejects = (): Promise<FakeModel> => Promise.reject(new Error('broken'));
const throws = (): never => {
  throw new Error('broken');
};

describe('lookups', () => {
  test('the first loads, the next do not', async () => {
    const { cache, loads, use } = fakeCache(2);
    await use('a');
    await use('a');
    expect(loads).toEqual(['a']);
    expect(cache.metrics).toEqual({ hits: 1, misses: 1, evictions: 0, size: 1, bytes: 1 });
  });

  test('20 parallel lookups of one key load once, and all get the same model', async () => {
    const { cache, loads, load } = fakeCache(2);
    const leases = await Promise.all(Array.from({ length: 20 }, () => cache.getOrLoad('a', load('a'))));
    expect(loads).toEqual(['a']);
    expect(new Set(leases.map(({ model }) => model)).size).toBe(1);
    expect(cache.metrics).toMatchObject({ hits: 19, misses: 1 });
  });

  test('a failing loader fails all who waited, counts nowhere, and is called again next time', async () => {
    const { cache, disposed, use } = fakeCache(1);
    await use('kept');
    const before = cache.metrics;
    const results = await Promise.allSettled([cache.getOrLoad('a', rejects), cache.getOrLoad('a', rejects)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(cache.metrics).toEqual(before);
    await use('a');
    expect(disposed).toEqual(['kept']);
  });

  test('a loader that throws at once fails the lookup', async () => {
    const { cache } = fakeCache(1);
    await expect(cache.getOrLoad('a', throws)).rejects.toThrow('broken');
  });

  test('the hit rate is a percentage, and 0 before the first lookup', () => {
    expect(hitRate({ hits: 700, misses: 300 })).toBe(70);
    expect(hitRate({ hits: 0, misses: 0 })).toBe(0);
  });
});

describe('eviction', () => {
  test('drops the least recently used beyond the capacity', async () => {
    const { cache, disposed, use } = fakeCache(2);
    for (const key of ['a', 'b', 'a', 'c']) await use(key);
    expect(disposed).toEqual(['b']);
    expect([cache.has('a'), cache.has('b'), cache.has('c')]).toEqual([true, false, true]);
    expect(cache.metrics.evictions).toBe(1);
  });

  test('drops by bytes, as many as it takes', async () => {
    const { cache, disposed, use } = fakeCache(10, 10, (key) => (key === 'big' ? 9 : 4));
    for (const key of ['a', 'b', 'big']) await use(key);
    expect(disposed).toEqual(['a', 'b']);
    expect(cache.metrics).toMatchObject({ size: 1, bytes: 9 });
  });

  test('keeps one model, whatever the limits', async () => {
    const { cache, use } = fakeCache(0, 1, () => 100);
    await use('a');
    await use('a');
    expect(cache.metrics).toEqual({ hits: 1, misses: 1, evictions: 0, size: 1, bytes: 100 });
  });

  test('never frees a model in use: it goes when its last user has gone', async () => {
    const { cache, disposed, load, use } = fakeCache(1);
    const first = await cache.getOrLoad('a', load('a'));
    const second = await cache.getOrLoad('a', load('a'));
    const other = await cache.getOrLoad('b', load('b'));
    expect([cache.size, disposed]).toEqual([2, []]);
    first.release();
    first.release();
    expect(disposed).toEqual([]);
    second.release();
    expect(disposed).toEqual(['a']);
    other.release();
    await use('b');
    expect(cache.size).toBe(1);
  });

  test('a lease ends with its scope', async () => {
    const { cache, disposed, load, use } = fakeCache(1);
    {
      using lease = await cache.getOrLoad('a', load('a'));
      expect(lease.model.key).toBe('a');
      await use('b');
    }
    await use('c');
    expect(disposed).toEqual(['b', 'a']);
  });

  test('a newcomer is in use by those who waited for it before anyone can evict it', async () => {
    const { cache, disposed, load } = fakeCache(1);
    const [a, b] = await Promise.all([cache.getOrLoad('a', load('a')), cache.getOrLoad('b', load('b'))]);
    expect(disposed).toEqual([]);
    a.release();
    b.release();
    expect([cache.size, disposed]).toEqual([1, ['a']]);
  });
});

describe('warm, clear, close', () => {
  test('warm loads what is missing and holds nothing', async () => {
    const { cache, loads, load, use } = fakeCache(2);
    await use('a');
    await cache.warm(['a', 'b', 'c'], (key) => load(key)());
    expect(loads).toEqual(['a', 'b', 'c']);
    expect([cache.has('a'), cache.has('b'), cache.has('c')]).toEqual([false, true, true]);
  });

  test('clear empties it, spares models in use until their release, and keeps the counts', async () => {
    const { cache, disposed, load, use } = fakeCache(3);
    await use('idle');
    const lease = await cache.getOrLoad('used', load('used'));
    await cache.clear();
    expect(cache.metrics).toEqual({ hits: 0, misses: 2, evictions: 0, size: 0, bytes: 0 });
    expect(disposed).toEqual(['idle']);
    lease.release();
    expect(disposed).toEqual(['idle', 'used']);
  });

  test('close frees a model that was still loading, and refuses lookups', async () => {
    const { cache, disposed, load } = fakeCache(3);
    const loading = cache.getOrLoad('a', load('a'));
    const refused = expect(loading).rejects.toMatchObject({ code: 'closed' });
    await cache.close();
    await refused;
    expect(disposed).toEqual(['a']);
    await expect(cache.getOrLoad('b', load('b'))).rejects.toMatchObject({ code: 'closed' });
  });

  test('close waits for the models to be freed', async () => {
    const done: string[] = [];
    const cache = new ModelCache<string>({
      capacity: 1,
      dispose: async (model) => void (await new Promise((resolve) => setTimeout(resolve, 5)), done.push(model)),
    });
    (await cache.getOrLoad('a', () => Promise.resolve('a'))).release();
    await cache.close();
    expect(done).toEqual(['a']);
  });
});

describe('against a plain list', () => {
  const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const sizes: Record<string, number> = { a: 1, b: 2, c: 3, d: 5, e: 8 };

  test('any sequence of uses leaves the same models, hits, misses and evictions as an LRU list', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(4),
        fc.option(fc.integer({ min: 1, max: 20 }), { nil: Infinity }),
        fc.array(keys, { maxLength: 40 }),
        async (capacity, maxBytes, uses) => {
          const { cache, disposed, use } = fakeCache(capacity, maxBytes, (key) => sizes[key]!);
          const list: string[] = []; // most recent last
          const gone: string[] = [];
          let hits = 0;
          const bytes = (): number => list.reduce((sum, key) => sum + sizes[key]!, 0);
          for (const key of uses) {
            await use(key);
            if (list.includes(key)) hits += 1;
            list.splice(0, list.length, ...list.filter((other) => other !== key), key);
            while (list.length > 1 && (list.length > capacity || bytes() > maxBytes)) gone.push(list.shift()!);
          }
          expect(disposed).toEqual(gone);
          expect(cache.metrics).toEqual({
            hits,
            misses: uses.length - hits,
            evictions: gone.length,
            size: list.length,
            bytes: bytes(),
          });
        },
      ),
    );
  });

  test('with models in use at the same time, none of them is ever freed, and limits hold again when all have gone', async () => {
    const steps = fc.array(fc.oneof(fc.record({ take: keys }), fc.record({ giveBack: fc.nat(9) })), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 4, max: 20 }),
        steps,
        async (capacity, maxBytes, ops) => {
          const { cache, disposed, load } = fakeCache(capacity, maxBytes, (key) => sizes[key]!);
          const live = new Set<FakeModel>();
          const leases: Awaited<ReturnType<typeof cache.getOrLoad>>[] = [];
          for (const op of ops) {
            if ('take' in op) leases.push(await cache.getOrLoad(op.take, load(op.take)));
            else leases.splice(op.giveBack, 1)[0]?.release();
            live.clear();
            for (const { model } of leases) live.add(model);
            for (const { key } of live) expect(cache.has(key)).toBe(true);
          }
          for (const lease of leases) lease.release();
          expect(cache.size).toBeLessThanOrEqual(capacity);
          expect(cache.metrics.bytes <= maxBytes || cache.size === 1).toBe(true);
          expect(disposed.length + cache.size).toBe(cache.metrics.misses);
        },
      ),
    );
  });
});
