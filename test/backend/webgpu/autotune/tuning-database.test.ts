import { expect, test, vi } from 'vitest';
import { tuningDatabase } from '../../../../src/backend/webgpu/autotune/tuning-database.ts';

const refusing = (open: () => unknown) => tuningDatabase({ open } as unknown as IDBFactory)!;

test('there is none outside of browsers', () => {
  expect(tuningDatabase()).toBeUndefined();
});

test('one that refuses keeps nothing and is no error', async () => {
  const throwing = refusing(() => {
    throw new Error('the operation is insecure');
  });
  const failing = refusing(() => {
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
  const got = refusing(() => ({})).get('a');
  await vi.advanceTimersByTimeAsync(1000);
  vi.useRealTimers();
  expect(await got).toBeUndefined();
});
