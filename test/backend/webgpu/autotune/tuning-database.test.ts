import { expect, test, vi } from 'vitest';
import { tuningDatabase } from '../../../../src/backend/webgpu/autotune/tuning-database.ts';

const databaseOf = (open: () => unknown) => tuningDatabase({ open } as unknown as IDBFactory)!;

/** As much of IndexedDB as is used; chromium has the rest, see tuning-database.browser.ts. */
function fakeDatabase() {
  const stores = new Map<string, Map<string, unknown>>();
  let open = 0;
  const answered = (result: unknown, before = () => {}) => {
    const request = { result, onsuccess: () => {}, onupgradeneeded: () => {} };
    queueMicrotask(() => {
      before();
      if (stores.size === 0) request.onupgradeneeded();
      request.onsuccess();
    });
    return request;
  };
  const objectStore = (name: string) => ({
    get: (key: string) => answered(stores.get(name)!.get(key)),
    put: (value: unknown, key: string) => answered(stores.get(name)!.set(key, value)),
  });
  const database = {
    createObjectStore: (name: string) => stores.set(name, new Map()),
    transaction: () => ({ objectStore }),
    close: () => void open--,
  };
  return { store: databaseOf(() => answered(database, () => void open++)), open: () => open };
}

test('keeps all that it is given, and closes its database each time', async () => {
  const { store, open } = fakeDatabase();
  expect(await store.get('a')).toBeUndefined();
  await store.put(
    new Map([
      ['a', { rows: 2 }],
      ['b', { rows: 4 }],
    ]),
  );
  expect([await store.get('a'), await store.get('b')]).toEqual([{ rows: 2 }, { rows: 4 }]);
  await store.put(new Map());
  expect(open()).toBe(0);
});

test('there is none outside of browsers', () => {
  expect(tuningDatabase()).toBeUndefined();
});

test('one that refuses keeps nothing and is no error', async () => {
  const throwing = databaseOf(() => {
    throw new Error('the operation is insecure');
  });
  const failing = databaseOf(() => {
    const request = { error: new Error('denied'), onerror: () => {} };
    queueMicrotask(() => request.onerror());
    return request;
  });
  for (const store of [throwing, failing]) {
    await store.put(new Map([['a', 1]]));
    expect(await store.get('a')).toBeUndefined();
  }
});

test('one that never answers is waited for a second', async () => {
  vi.useFakeTimers();
  const got = databaseOf(() => ({})).get('a');
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();
  expect(await got).toBeUndefined();
});
