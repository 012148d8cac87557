import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WeightSource } from '../../../src/backend/backend.ts';
import { type DType, dtypes, formats } from '../../../src/dtype/index.ts';
import type { Gpu } from '../../../src/backend/webgpu/gpu.ts';
import type { GpuTensor, GpuWeight } from '../../../src/backend/webgpu/gpu-tensor.ts';
import { bytesOnGpu, Uploader } from '../../../src/backend/webgpu/upload.ts';
import { blocksPerRow, formatOnGpu, planeOffsets, planesOf } from '../../../src/backend/webgpu/weight.ts';
import { q3kToQ6k } from '../../../src/backend/webgpu/q3k-to-q6k.ts';
import { Random, randomWeight } from '../support/random.ts';
import { weightDtypes } from '../support/shapes.ts';
import { describeWithGpu, readBack } from './support/open-gpu.ts';

const source = (dtype: DType, shape: readonly number[], bytes: Uint8Array): WeightSource => ({
  name: `test.${dtype}`,
  dtype,
  shape,
  byteLength: bytes.length,
  async read(start, end, into) {
    if (!into) return bytes.slice(start, end);
    into.set(bytes.subarray(start, end));
    return into;
  },
});

function randomSource(seed: string, dtype: DType, rows: number, columns: number): readonly [WeightSource, Uint8Array] {
  const { blockSize, blockBytes } = formats[dtype];
  const bytes = new Random(seed).bytes(((rows * columns) / blockSize) * blockBytes);
  return [source(dtype, [rows, columns], bytes), bytes];
}

/** The planes of some rows, by hand: what weight.ts says, byte by byte. */
function planesByHand(dtype: DType, rows: number, columns: number, stored: Uint8Array): Uint8Array {
  const format = formatOnGpu(dtype);
  const { blockSize, blockBytes } = formats[format];
  const packed = new Uint8Array(bytesOnGpu(format, rows, columns));
  const offsets = planeOffsets(format, rows, columns);
  const stride = blocksPerRow(format, columns);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < columns / blockSize; block++) {
      const at = (row * (columns / blockSize) + block) * blockBytes;
      planesOf(format).forEach(({ offset, bytes }, plane) => {
        const part = stored.subarray(at + offset, at + offset + bytes);
        packed.set(part, 16 * offsets[plane]! + (row * stride + block) * bytes);
      });
    }
  }
  return packed;
}

async function bytesOf(gpu: Gpu, { shards }: GpuWeight): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for (const { buffer } of shards) all.push(new Uint8Array((await readBack(gpu, buffer, buffer.size / 4)).buffer));
  return all;
}

const gpuDtypes = weightDtypes.filter((dtype) => dtype !== 'q2_k' && dtype !== 'q3_k');

describeWithGpu('uploading', (gpu) => {
  const upload = (given: WeightSource, limits = {}) => new Uploader(gpu(), limits).upload(given);

  test.each(gpuDtypes)('%s lies in planes, byte for byte', async (dtype) => {
    for (const [rows, columns] of [
      [1, 256],
      [5, 256],
      [8, 512],
      [37, 768],
      [3, 1280],
    ] as const) {
      const [given, bytes] = randomSource(`planes ${dtype} ${rows}`, dtype, rows, columns);
      const weight = (await upload(given)) as GpuWeight;
      expect(weight).toMatchObject({ dtype, format: dtype, shape: [rows, columns] });
      const [actual] = await bytesOf(gpu(), weight);
      expect(Buffer.compare(actual!, planesByHand(dtype, rows, columns, bytes)), `${rows}×${columns}`).toBe(0);
    }
  });

  test.each(['f32', 'f16', 'bf16'] as const)(
    'rows of %s that end within a unit are filled with zeros',
    async (dtype) => {
      for (const [rows, columns] of [
        [1, 1],
        [3, 20],
        [9, 33],
        [2, 63],
      ] as const) {
        const [given, bytes] = randomSource(`filled ${dtype}`, dtype, rows, columns);
        const [actual] = await bytesOf(gpu(), (await upload(given)) as GpuWeight);
        expect(Buffer.compare(actual!, planesByHand(dtype, rows, columns, bytes)), `${rows}×${columns}`).toBe(0);
      }
    },
  );

  test('pieces and shards are cut anywhere between rows, and every byte arrives', async () => {
    const shapes = fc.record({
      dtype: fc.constantFrom(...gpuDtypes),
      rows: fc.integer({ min: 1, max: 60 }),
      blocks: fc.integer({ min: 1, max: 3 }),
      pieceBytes: fc.integer({ min: 1, max: 20_000 }),
      shardRows: fc.integer({ min: 8, max: 70 }),
    });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ dtype, rows, blocks, pieceBytes, shardRows }) => {
        const columns = 256 * blocks;
        const [given, bytes] = randomSource('pieces', dtype, rows, columns);
        const shardBytes = bytesOnGpu(dtype, 8, columns) * (shardRows / 8);
        const weight = (await upload(given, { pieceBytes, shardBytes })) as GpuWeight;
        const actual = await bytesOf(gpu(), weight);
        const rowBytes = bytes.length / rows;
        let next = 0;
        weight.shards.forEach((shard, i) => {
          expect(shard.firstRow).toBe(next);
          expect(actual[i]!.length).toBeLessThanOrEqual(shardBytes);
          next += shard.rows;
          const part = bytes.subarray(shard.firstRow * rowBytes, next * rowBytes);
          expect(Buffer.compare(actual[i]!, planesByHand(dtype, shard.rows, columns, part))).toBe(0);
        });
        expect(next).toBe(rows);
        for (const { buffer } of weight.shards) buffer.destroy();
      }),
      { numRuns: 25 },
    );
  });

  test('dtypes that no kernel reads arrive as ones that hold all their values', async () => {
    const random = new Random('others');
    for (const dtype of ['q2_k', 'q3_k'] as const) {
      const { source: given, values } = randomWeight(random, dtype, [9, 512]);
      const weight = (await upload(given)) as GpuWeight;
      expect(weight).toMatchObject({ dtype, format: formatOnGpu(dtype) });
      if (dtype === 'q2_k') expect(await readBack(gpu(), weight.shards[0]!.buffer, 9 * 512)).toEqual(values);
    }
    const [i16, bytes] = randomSource('i16', 'i16', 4, 40);
    const numbers = await readBack(gpu(), ((await upload(i16)) as GpuWeight).shards[0]!.buffer, 4 * 64);
    const expected = [...new Int16Array(bytes.buffer)];
    expect(Array.from({ length: 4 }, (_, row) => [...numbers.subarray(64 * row, 64 * row + 40)]).flat()).toEqual(
      expected,
    );
  });

  test('vectors of any dtype become f32', async () => {
    const values = new Random('vector').floats(33);
    const bytes = new Uint8Array(66);
    formats.f16.encode!(values, bytes);
    const vector = (await upload(source('f16', [33], bytes))) as GpuTensor;
    const expected = new Float32Array(33);
    formats.f16.decode(bytes, expected);
    expect(await readBack(gpu(), vector.buffer, 33)).toEqual(expected);
  });

  test('what contradicts its shape is refused', async () => {
    const wrong = expect.objectContaining({ code: 'shape-mismatch', field: 'test.f32' });
    for (const shape of [[3, 4], [], [1, 2, 2]]) {
      await expect(upload(source('f32', shape, new Uint8Array(20)))).rejects.toThrow(wrong);
    }
  });

  test('a weight whose rows are larger than a buffer is out of memory, before anything was read', async () => {
    const given = { ...randomSource('large', 'f32', 8, 1024)[0], read: () => Promise.reject(new Error('was read')) };
    await expect(upload(given, { shardBytes: 20_000 })).rejects.toThrow(
      expect.objectContaining({ code: 'out-of-memory', field: 'test.f32' }),
    );
  });

  test('what the source throws comes through', async () => {
    const given = { ...randomSource('broken', 'q4_0', 8, 1024)[0], read: () => Promise.reject(new Error('unplugged')) };
    await expect(upload(given)).rejects.toThrow('unplugged');
  });
});

test('q3_k and q6_k say the same', () => {
  const { source: given, values } = randomWeight(new Random('q3k'), 'q3_k', [7, 512]);
  return given.read(0, given.byteLength).then((q3k) => {
    const q6k = new Uint8Array((q3k.length / formats.q3_k.blockBytes) * formats.q6_k.blockBytes).fill(255);
    q3kToQ6k(q3k, q6k);
    const actual = new Float32Array(values.length);
    formats.q6_k.decode(q6k, actual);
    expect(actual).toEqual(values);
  });
});

test('planes hold every byte of a block that means something, once', () => {
  for (const dtype of dtypes) {
    const format = formatOnGpu(dtype);
    const parts = planesOf(format).toSorted((a, b) => a.offset - b.offset);
    let end = 0;
    for (const { offset, bytes } of parts) {
      expect(offset).toBe(end);
      end = offset + bytes;
    }
    expect(end).toBe(formats[format].blockBytes);
  }
});
