import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/backend/backend.ts';
import { createWasmBackend, type WasmBackendOptions } from '../../../src/backend/wasm/wasm-backend.ts';
import { placeModel } from '../../../src/backend/wasm/placement.ts';
import { kvShape } from '../../../src/model/kv-cache.ts';
import { loadModel } from '../../../src/model/load-model.ts';
import { memoryPlan } from '../../../src/model/memory-plan.ts';
import { batchOf, idsOnly, upTo, type Chunk } from '../support/batches.ts';
import { expectSameBits } from '../support/compare.ts';
import { Random, randomNorm, randomWeight } from '../support/random.ts';
import { LAYERS, smallLlama, VOCAB } from './support/small-llama.ts';

/** Layers of 1.3 MB, two of which fit beside what every memory leaves free. */
const SMALL_MEMORY = { maxPages: 140 };

const pool = { blockSize: 32, numSequences: 2, blocksPerSequence: 2 };

/** Prefill of two sequences, then both together, then one alone and more of the other: logits of all. */
async function runModel(options: WasmBackendOptions, tied: boolean): Promise<Float32Array[]> {
  const model = await loadModel(smallLlama({ tied }), await createWasmBackend(options), { contextLength: 128 });
  const ids = (start: number, count: number) => upTo(count).map((i) => (start + 17 * i) % VOCAB);
  const steps: Chunk[][] = [
    [{ sequence: 0, start: 0, ids: ids(3, 9) }],
    [
      { sequence: 0, start: 9, ids: ids(50, 1) },
      { sequence: 1, start: 0, ids: ids(90, 5) },
    ],
    [
      { sequence: 0, start: 10, ids: ids(7, 1) },
      { sequence: 1, start: 5, ids: ids(8, 1) },
    ],
    [{ sequence: 1, start: 6, ids: ids(100, 30) }],
  ];
  const logits: Float32Array[] = [];
  for (const chunks of steps) logits.push(await model.run(batchOf(pool, chunks)));
  await model.dispose();
  return logits;
}

describe('a model in several memories', () => {
  test('is one, as these tests have it', () => {
    const { tensors } = smallLlama({ tied: false });
    const plan = memoryPlan([...tensors.values()], kvShape({ numLayers: LAYERS, numKvHeads: 4, headDim: 32 }, 128));
    expect(placeModel(plan, SMALL_MEMORY.maxPages * 65_536).banks).toBe(3);
  });

  test.each([
    { tied: false, threads: 1 },
    { tied: true, threads: 3 },
  ])('has the bits of one memory: %o', async ({ tied, threads }) => {
    const expected = await runModel({ threads: 2 }, tied);
    const actual = await runModel({ threads, ...SMALL_MEMORY }, tied);
    actual.forEach((logits, i) => expectSameBits(logits, expected[i]!));
  });

  test('computes in the calling thread too', async () => {
    const [expected] = await runModel({ threads: 2 }, false);
    expectSameBits((await runModel({ inline: true, ...SMALL_MEMORY }, false))[0]!, expected!);
  });

  test('that are still too small is refused before anything is read', async () => {
    const backend = await createWasmBackend({ threads: 1, maxPages: 100 });
    const unread = { ...smallLlama({ tied: true }), read: () => Promise.reject(new Error('it was read')) };
    await expect(loadModel(unread, backend)).rejects.toMatchObject({ code: 'out-of-memory' });
  });
});

describe('activations that ops of two memories share', () => {
  /** Two square weights, each in a memory of its own. */
  async function open(): Promise<{ backend: Backend; far: Weights; near: Weights }> {
    const backend = await createWasmBackend({ threads: 2, ...SMALL_MEMORY });
    const random = new Random('two memories');
    const names = ['near', 'far'].map((name) => ({ table: `${name}.table`, norm: `${name}.norm` }));
    await backend.reserve!({
      parts: names.map(({ table, norm }) => ({
        weights: [
          { name: table, dtype: 'f32', shape: [512, 1024] },
          { name: norm, dtype: 'f32', shape: [1024] },
        ],
      })),
      kvCache: { numLayers: 0, numKvHeads: 1, headDim: 8, numBlocks: 1, blockSize: 1 },
    });
    const upload = async ({ table, norm }: (typeof names)[number]) => ({
      table: await backend.upload({ ...randomWeight(random, 'f32', [512, 1024]).source, name: table }),
      norm: await backend.upload({ ...randomNorm(random, 1024).source, name: norm }),
    });
    const [near, far] = [await upload(names[0]!), await upload(names[1]!)];
    return { backend, near, far };
  }

  interface Weights {
    readonly table: Awaited<ReturnType<Backend['upload']>>;
    readonly norm: Awaited<ReturnType<Backend['upload']>>;
  }

  test('are the same wherever they are asked for, and back home when they are read', async () => {
    const { backend, near, far } = await open();
    const rows = Int32Array.of(0, 1, 2);
    const logitsOf = ({ table, norm }: Weights) => backend.logits(x, norm, 1e-5, { weight: table }, rows);
    const x = backend.embed(near.table, idsOnly([5, 6, 7]));
    const before = await backend.read(x);
    const [there, here, again] = [logitsOf(far), logitsOf(near), logitsOf(far)];
    const first = await backend.read(there);
    expectSameBits(await backend.read(again), first);
    expect(await backend.read(here)).not.toEqual(first);
    expectSameBits(await backend.read(x), before);
    expectSameBits(await backend.read(logitsOf(far)), first);
    await backend.dispose();
  });

  test('do not come back to a place that a scope has freed', async () => {
    const { backend, near, far } = await open();
    backend.scope(() => {
      const x = backend.embed(near.table, idsOnly([5, 6, 7]));
      backend.logits(x, far.norm, 1e-5, { weight: far.table }, Int32Array.of(0));
    });
    const y = backend.embed(near.table, idsOnly([8, 9, 10])); // where x was
    const rows = await backend.read(y);
    expectSameBits(rows, (await backend.read(near.table)).subarray(8 * 1024, 11 * 1024));
    await backend.dispose();
  });
});
