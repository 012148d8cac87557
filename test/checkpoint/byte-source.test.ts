import { describe, expect, test } from 'vitest';
import { blobSource, memorySource } from '../../src/checkpoint/byte-source.ts';
import { expectRefusal } from '../support/refusals.ts';

const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
const sources = [
  ['memory', () => memorySource(bytes)],
  ['a Blob', () => blobSource(new Blob([bytes]))],
] as const;

describe.each(sources)('a source over %s', (_, open) => {
  test('gives any range', async () => {
    expect(open().byteLength).toBe(100);
    expect(Array.from(await open().read(10, 20))).toEqual(Array.from(bytes.subarray(10, 20)));
    expect(await open().read(100, 100)).toHaveLength(0);
  });

  test('reads into a view of shared memory', async () => {
    const into = new Uint8Array(new SharedArrayBuffer(64), 7, 10);
    expect(await open().read(90, 100, into)).toBe(into);
    expect(Array.from(into)).toEqual(Array.from(bytes.subarray(90)));
  });

  test.each([
    [-1, 5],
    [5, 4],
    [0, 101],
    [0.5, 2],
    [NaN, 2],
    [0, Infinity],
  ])('refuses bytes %d to %d', (start, end) =>
    expectRefusal(() => open().read(start, end), 'out-of-bounds', open().name),
  );

  test('refuses a buffer of another length', () =>
    expectRefusal(() => open().read(0, 10, new Uint8Array(9)), 'out-of-bounds', 'buffer of 9'));

  test('can be closed', () => expect(open().close()).resolves.toBeUndefined());
});

test('memory is shared, not copied', async () => {
  expect((await memorySource(bytes).read(10, 20)).buffer).toBe(bytes.buffer);
});

test('sources are named for messages', () => {
  expect(memorySource(bytes).name).toBe('memory');
  expect(memorySource(bytes, 'model.gguf').name).toBe('model.gguf');
  expect(blobSource(new Blob([])).name).toBe('blob');
  expect(blobSource(new File([], 'chosen.gguf')).name).toBe('chosen.gguf');
});

test('a Blob that cannot be read any more gives the typed error', async () => {
  const broken = {
    size: 10,
    slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadableError')) }),
  } as unknown as Blob;
  await expectRefusal(() => blobSource(broken, 'chosen.gguf').read(0, 5), 'changed-while-reading', 'chosen.gguf');
});
