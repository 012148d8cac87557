import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAhead } from '../../src/browser/read-ahead.ts';
import { memorySource, type ByteSource } from '../../src/checkpoint/byte-source.ts';

const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

/** What was read of a source, as [start, end). */
function watched(): { source: ByteSource; reads: [number, number][] } {
  const reads: [number, number][] = [];
  const inner = memorySource(bytes);
  const read: ByteSource['read'] = (start, end, into) => {
    reads.push([start, end]);
    return inner.read(start, end, into);
  };
  return { source: { ...inner, read }, reads };
}

test('gives the bytes of its source, whatever the ranges, one after another or together', async () => {
  const range = fc.tuple(fc.nat(1000), fc.nat(1000)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 20 }), fc.integer({ min: 1, max: 300 }), async (ranges, block) => {
      const source = readAhead(watched().source, block);
      for (const [start, end] of ranges) expect(await source.read(start, end)).toEqual(bytes.slice(start, end));
      const together = await Promise.all(ranges.map(([start, end]) => source.read(start, end)));
      expect(together).toEqual(ranges.map(([start, end]) => bytes.slice(start, end)));
    }),
  );
});

test('reads each block once for many small reads, and the next one ahead', async () => {
  const { source, reads } = watched();
  const ahead = readAhead(source, 400);
  for (let start = 0; start < 400; start += 10) await ahead.read(start, start + 10);
  expect(reads).toEqual([
    [0, 400],
    [400, 800],
  ]);
  await ahead.read(790, 990, new Uint8Array(200));
  expect(reads.slice(2)).toEqual([[800, 1000]]);
});

test('holds a few blocks, not the file', async () => {
  const { source, reads } = watched();
  const ahead = readAhead(source, 10);
  await ahead.read(0, 1000);
  await ahead.read(0, 1);
  expect(reads.filter(([start]) => start === 0)).toHaveLength(2);
});

test('a read that failed is tried again by the next', async () => {
  let failures = 1;
  const inner = memorySource(bytes);
  const flaky = {
    ...inner,
    read: (start: number, end: number) => (failures-- > 0 ? Promise.reject(new Error('gone')) : inner.read(start, end)),
  };
  const ahead = readAhead(flaky, 1000);
  await expect(ahead.read(0, 5)).rejects.toThrow('gone');
  expect(await ahead.read(0, 5)).toEqual(bytes.slice(0, 5));
});

test('refuses ranges outside', async () => {
  await expect(readAhead(memorySource(bytes)).read(0, 1001)).rejects.toMatchObject({ code: 'out-of-bounds' });
});
