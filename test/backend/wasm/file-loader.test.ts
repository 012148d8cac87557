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

describe('threads that only help to load', () => {
  const shape = [1203, 1024];
  const bytes = randomWeight('q8_0', 1203, 1024);

  /** One thread, a weight in a file, and how to load it; every load says where its threads staged what they read. */
  async function oneThread(name: string) {
    const module = await compileModule('simd', true);
    const bank = await newBank(module, 1);
    const threads = await Threads.start(bank, { workers: spawnThreads(1), module, kernelSet: 0 });
    const uploader = new Uploader(threads, (job) => job());
    const { file, weight } = await inFile(name, 'q8_0', shape, bytes);
    const load = () => uploader.upload(bank, forThreadsOnly(weight));
    const end = async () => {
      await threads.dispose();
      await file.close();
    };
    return { bank, threads, load, end };
  }

  test('take part while weights are loaded, and are gone at the first run', async () => {
    const { bank, threads, load, end } = await oneThread('helped');
    const packed = async () => {
      const { pointer } = await load();
      return bank.memory.u8.slice(pointer, pointer + bytes.length);
    };
    const alone = await packed();
    threads.helpLoading(3);
    threads.helpLoading(3);
    expect(threads.loaders).toBe(3);
    const { activations } = bank.recorder;
    const places: number[] = [];
    const allocate = activations.allocate.bind(activations);
    activations.allocate = (size) => places[places.push(allocate(size)) - 1]!;
    const hasHelped = (thread: number): boolean => {
      const staging = places.at(-1)! + thread * Math.floor(2 ** 19 / (8 * 1088)) * 8 * 1088;
      return bank.memory.u8.subarray(staging, staging + 64).some((byte) => byte !== 0);
    };
    const oneMore = async () => {
      expect(Buffer.compare(await packed(), alone)).toBe(0);
      return hasHelped(1) && hasHelped(2);
    };
    await expect.poll(oneMore, { timeout: 20_000, interval: 1 }).toBe(true);

    await threads.run(bank, bank.recorder.commands.finish());
    expect(threads.loaders).toBe(1);
    expect(Buffer.compare(await packed(), alone)).toBe(0);
    await end();
  });

  test('are not waited for: those that are asked for while a list is under way, and those that never come up', async () => {
    const { bank, threads, load, end } = await oneThread('not helped');
    for (let i = 0; i < 3; i++) {
      const loading = load();
      threads.helpLoading(4);
      await loading;
      await threads.run(bank, bank.recorder.commands.finish());
      expect(threads.loaders).toBe(1);
    }
    await end();
  });
});
