import { describe, expect, test } from 'vitest';
import { memorySource, type ByteSource } from '../../src/checkpoint/byte-source.ts';
import { openGguf } from '../../src/gguf/open.ts';
import { startGguf, writeGguf, type GgufDescription } from '../support/gguf-writer.ts';
import { expectRefusal } from '../support/refusals.ts';

const weights = Uint8Array.from({ length: 64 }, (_, i) => i);
const small: GgufDescription = {
  metadata: [['general.architecture', { type: 'string', value: 'llama' }]],
  tensors: [{ name: 'weight', ggmlType: 0, shape: [4, 4], data: weights }],
};

/** A source that remembers what was read of it and whether it was closed. */
function watched(source: ByteSource) {
  const seen = { ranges: [] as [number, number][], closed: 0 };
  const read: ByteSource['read'] = (start, end, into) => {
    seen.ranges.push([start, end]);
    return source.read(start, end, into);
  };
  return { ...source, seen, read, close: async () => void seen.closed++ };
}

describe('an open file', () => {
  test('is named after its file and has its metadata and tensors', async () => {
    const checkpoint = await openGguf(memorySource(writeGguf(small), '/models/Tiny.Q8_0.gguf'));
    expect(checkpoint).toMatchObject({ format: 'gguf', name: 'Tiny.Q8_0', byteLength: writeGguf(small).length });
    expect(checkpoint.metadata.get('general.architecture')).toBe('llama');
    expect(checkpoint.tensors.get('weight')).toMatchObject({ dtype: 'f32', shape: [4, 4], byteLength: 64 });
    expect(checkpoint.companions.size).toBe(0);
  });

  test('gives the data of a tensor: all, a part, or into shared memory', async () => {
    const checkpoint = await openGguf(memorySource(writeGguf(small)));
    const tensor = checkpoint.tensors.get('weight')!;
    expect(await checkpoint.read(tensor)).toEqual(weights);
    expect(await checkpoint.read(tensor, 8, 12)).toEqual(weights.subarray(8, 12));
    const into = new Uint8Array(new SharedArrayBuffer(64));
    expect(await checkpoint.read(tensor, 0, 64, into)).toBe(into);
    expect(Array.from(into)).toEqual(Array.from(weights));
  });

  test('refuses to read beyond a tensor, or one that it does not have', async () => {
    const checkpoint = await openGguf(memorySource(writeGguf(small)));
    const tensor = checkpoint.tensors.get('weight')!;
    await expectRefusal(() => checkpoint.read(tensor, 0, 65), 'out-of-bounds', 'weight');
    await expectRefusal(() => checkpoint.read(tensor, 0, 64, new Uint8Array(63)), 'out-of-bounds', '63');
    await expectRefusal(() => checkpoint.read({ ...tensor, name: 'other' }), 'missing-tensor', 'other');
  });

  test('closes its source when it is closed, and when it cannot be opened', async () => {
    const good = watched(memorySource(writeGguf(small)));
    await (await openGguf(good)).close();
    expect(good.seen.closed).toBe(1);
    const bad = watched(memorySource(new Uint8Array(40)));
    await expectRefusal(() => openGguf(bad), 'bad-magic');
    expect(bad.seen.closed).toBe(1);
  });
});

describe('the header', () => {
  test('is read in growing windows, without the tensor data', async () => {
    const tokens = { type: 'array', element: 'u8', values: [] } as const;
    const long = {
      ...small,
      metadata: [
        ['filler', { type: 'string', value: 'x'.repeat(3 * 2 ** 20) }],
        ['empty', tokens],
      ],
    } satisfies GgufDescription;
    const file = new Uint8Array(24 * 2 ** 20);
    file.set(writeGguf(long));
    const source = watched(memorySource(file));
    const checkpoint = await openGguf(source);
    expect(checkpoint.metadata.get('filler')).toHaveLength(3 * 2 ** 20);
    expect(source.seen.ranges).toEqual([
      [0, 2 ** 20],
      [0, 2 ** 22],
    ]);
  });

  test('larger than 64 MiB is refused after reading no more than that', async () => {
    const writer = startGguf(0, 3);
    for (const key of ['a', 'b', 'c'])
      writer
        .string(key)
        .u32(8)
        .string(new Uint8Array(2 ** 25));
    const source = watched(memorySource(writer.finish()));
    await expectRefusal(() => openGguf(source), 'limit-exceeded', 'larger than 67108864');
    expect(Math.max(...source.seen.ranges.map(([, end]) => end))).toBeLessThanOrEqual(2 ** 26);
  });
});
