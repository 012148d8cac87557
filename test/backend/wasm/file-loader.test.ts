import { mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WeightSource } from '../../../src/backend/backend.ts';
import { compileModule } from '../../../src/backend/wasm/module.ts';
import { spawnThreads, Threads } from '../../../src/backend/wasm/threads.ts';
import { Uploader } from '../../../src/backend/wasm/upload.ts';
import { createWasmBackend } from '../../../src/backend/wasm/wasm-backend.ts';
import { fileSource } from '../../../src/checkpoint/byte-source.node.ts';
import type { ByteSource } from '../../../src/checkpoint/byte-source.ts';
import { writeF16 } from '../../../src/dtype/half.ts';
import { byteLength, decodeTensor, type DType } from '../../../src/dtype/index.ts';
import { differences } from './support/differences.ts';
import { newBank } from './support/bank.ts';
import { packedDTypes, randomWeight } from './support/random-weight.ts';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'realizar-loader-'))));
afterAll(() => rm(folder, { recursive: true }));

const PADDING = 77;

/** A weight behind `PADDING` bytes of a file of its own. */
async function inFile(name: string, dtype: DType, shape: readonly number[], bytes: Uint8Array) {
  const path = join(folder, name);
  await writeFile(path, [new Uint8Array(PADDING), bytes]);
  const file = await fileSource(path);
  return { path, file, weight: weightIn(file, name, dtype, shape) };
}

function weightIn(file: ByteSource, name: string, dtype: DType, shape: readonly number[]): WeightSource {
  return {
    name,
    dtype,
    shape,
    byteLength: byteLength(dtype, shape),
    read: (start, end, into) => file.read(PADDING + start, PADDING + end, into),
    locate: () => ({ file: file.file!, offset: PADDING }),
  };
}

/** As if only threads could read it. */
const forThreadsOnly = (weight: WeightSource): WeightSource => ({
  ...weight,
  read: () => Promise.reject(new Error('it was read by the calling thread')),
});

describe('a weight in a file', () => {
  test('is read by the threads themselves, whatever its dtype, in chunks that end within it', async () => {
    const backend = await createWasmBackend({ threads: 3 });
    const columns = 1024;
    const weights = await Promise.all(
      packedDTypes.map(async (dtype, i) => {
        const bytes = randomWeight(dtype, 1203, columns, i);
        const { file, weight } = await inFile(`${dtype}.bin`, dtype, [1203, columns], bytes);
        return { expected: decodeTensor(dtype, bytes), file, uploading: backend.upload(forThreadsOnly(weight)) };
      }),
    );
    const uploaded = await Promise.all(weights.map(({ uploading }) => uploading));
    for (const [i, { expected, file }] of weights.entries()) {
      expect(differences(await backend.read(uploaded[i]!), expected)).toEqual([]);
      await file.close();
    }
    await backend.dispose();
  });

  test('is a vector as well as a matrix: f32 as it lies there, others decoded', async () => {
    const backend = await createWasmBackend({ threads: 2 });
    for (const dtype of ['f32', 'f16'] as const) {
      const bytes = randomWeight(dtype, 1, 999, 5);
      const { file, weight } = await inFile(`vector.${dtype}`, dtype, [999], bytes);
      const source = dtype === 'f32' ? forThreadsOnly(weight) : weight;
      expect(differences(await backend.read(await backend.upload(source)), decodeTensor(dtype, bytes))).toEqual([]);
      await file.close();
    }
    await backend.dispose();
  });

  test('whose scales are beyond the range of its layout is read once more, as f32', async () => {
    const backend = await createWasmBackend({ threads: 2 });
    const bytes = randomWeight('q8_0', 24, 64);
    writeF16(bytes, 34 * 2 * 17, 40_000);
    const { file, weight } = await inFile('wide', 'q8_0', [24, 64], bytes);
    const values = await backend.read(await backend.upload(forThreadsOnly(weight)));
    expect(differences(values, decodeTensor('q8_0', bytes))).toEqual([]);
    await file.close();
    await backend.dispose();
  });

  test('that has become shorter, or was written to, is an error that says so; so is one that was closed', async () => {
    const backend = await createWasmBackend({ threads: 2 });
    const bytes = randomWeight('q8_0', 64, 64);
    const shape = [64, 64];
    const short = await inFile('short', 'q8_0', shape, bytes);
    await truncate(short.path, 1000);
    await expect(backend.upload(short.weight)).rejects.toMatchObject({ code: 'changed-while-reading' });
    const touched = await inFile('touched', 'q8_0', shape, bytes);
    await utimes(touched.path, 1, 1);
    const refusal = backend.upload(forThreadsOnly(touched.weight));
    await expect(refusal).rejects.toMatchObject({
      code: 'changed-while-reading',
      message: expect.stringContaining('touched was written to'),
    });
    const sound = await inFile('sound', 'q8_0', shape, bytes);
    await Promise.all([short, touched].map(({ file }) => file.close()));
    const wrong = { descriptor: -1, verify: async () => {} };
    const vanished = { ...sound.weight, locate: () => ({ file: wrong, offset: 0 }) };
    // What threads cannot read is read the other way, which may succeed or tell why not.
    expect(differences(await backend.read(await backend.upload(vanished)), decodeTensor('q8_0', bytes))).toEqual([]);
    await sound.file.close();
    await expect(backend.upload({ ...sound.weight, locate: vanished.locate })).rejects.toMatchObject({
      code: 'io-failed',
    });
    await backend.dispose();
  });
});

test('threads that only help to load take part while weights are loaded, and are gone at the first run', async () => {
  const module = await compileModule('simd', true);
  const bank = await newBank(module, 1);
  const threads = await Threads.start(bank, { workers: spawnThreads(1), module, kernelSet: 0 });
  const uploader = new Uploader(threads, (job) => job());
  const bytes = randomWeight('q8_0', 1203, 1024);
  const { file, weight } = await inFile('helped', 'q8_0', [1203, 1024], bytes);
  const uploaded = [await uploader.upload(bank, forThreadsOnly(weight))];
  threads.helpLoading(3);
  threads.helpLoading(3);
  await expect.poll(() => threads.loaders, { timeout: 20_000 }).toBe(3);
  for (let i = 0; i < 3; i++) uploaded.push(await uploader.upload(bank, forThreadsOnly(weight)));
  const packed = uploaded.map(({ pointer }) => bank.memory.u8.slice(pointer, pointer + bytes.length));
  for (const copy of packed) expect(Buffer.compare(copy, packed[0]!)).toBe(0);

  await threads.run(bank, bank.recorder.commands.finish());
  expect(threads.loaders).toBe(1);
  uploaded.push(await uploader.upload(bank, forThreadsOnly(weight)));
  await threads.dispose();
  await file.close();
});
