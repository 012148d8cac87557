import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Backend } from '../../../src/backend/backend.ts';
import { createWasmBackend, type WasmBackendOptions } from '../../../src/backend/wasm/wasm-backend.ts';
import { loadModel } from '../../../src/model/load-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { batchOf, upTo, type Chunk } from '../support/batches.ts';
import { expectSameBits } from '../support/compare.ts';
import { Random, randomWeight } from '../support/random.ts';
import { smallLlama, VOCAB } from './support/small-llama.ts';

const pool = { blockSize: 32, numSequences: 3, blocksPerSequence: 10 };
const opened: Backend[] = [];

async function open(options: WasmBackendOptions = {}): Promise<Model> {
  const backend = await createWasmBackend({ inline: true, ...options });
  opened.push(backend);
  return loadModel(smallLlama({ tied: true }), backend, { contextLength: 1024 });
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((backend) => backend.dispose()));
});

/** The model, as one that records each step anew. */
async function openRecording(): Promise<Model> {
  const model = await open();
  Object.defineProperty(model.backend, 'step', { value: undefined });
  return model;
}

const idOf = (position: number, sequence: number): number => (7 + 17 * position + 5 * sequence) % VOCAB;

/** Rows of sequences, given as (sequence, first position, rows). */
const rows = (...chunks: readonly (readonly [sequence: number, start: number, count: number])[]): Chunk[] =>
  chunks.map(([sequence, start, count]) => ({
    sequence,
    start,
    ids: upTo(count).map((i) => idOf(start + i, sequence)),
  }));

describe('steps of a model', () => {
  const prompts = rows([0, 0, 250], [1, 0, 3], [2, 0, 30]);
  const steps = [
    ...upTo(12).map((i) => rows([0, 250 + i, 1], [1, 3 + i, 1], [2, 30 + i, 1])), // over ends of blocks and of a reach
    ...upTo(4).map((i) => rows([1, 15 + i, 1])),
    ...upTo(4).map((i) => rows([2, 42 + i, 1])),
    rows([2, 46, 9], [1, 19, 1]),
    rows([1, 20, 1], [2, 55, 9]),
    rows([2, 64, 9], [1, 21, 1]),
  ];

  test.each([{ inline: true }, { threads: 1 }, { threads: 3 }])(
    'have the same bits, recorded once for many or each anew: %o',
    async (options) => {
      const [model, other] = [await open(options), await openRecording()];
      for (const chunks of [prompts, ...steps]) {
        const batch = batchOf(pool, chunks);
        expectSameBits(await model.run(batch), await other.run(batch));
      }
    },
  );

  test('are recorded again only where their shape changes, for each of the two programs in flight', async () => {
    const model = await open();
    const recorded = vi.spyOn(model.backend, 'embed');
    const run = (from: number, count: number) =>
      runAll(
        model,
        upTo(count).map((i) => rows([0, from + i, 1])),
      );
    await run(0, 20);
    expect(recorded).toHaveBeenCalledTimes(2);
    await run(20, 280); // beyond position 256 they reach further
    expect(recorded).toHaveBeenCalledTimes(4);
    await runAll(model, [rows([0, 300, 1], [1, 0, 1])]);
    expect(recorded).toHaveBeenCalledTimes(5);
  });

  test('differ where what they bring back does', async () => {
    const [model, other] = [await open(), await openRecording()];
    await runAll(model, [rows([0, 0, 4])]);
    await runAll(other, [rows([0, 0, 4])]);
    for (const [i, count] of [1, 1, 2, 2, 1].entries()) {
      const batch = batchOf(pool, rows([0, 4 + i, 1]));
      const best = { count, limit: VOCAB };
      expectSameBits(await model.start(batch, best).results, await other.start(batch, best).results);
    }
  });

  test('take tokens from the step before, whichever was recorded', async () => {
    const results = [];
    for (const model of [await open({ threads: 2 }), await openRecording()]) {
      const best = { count: 1, limit: VOCAB };
      const ids: number[] = [];
      let before = model.start(batchOf(pool, rows([0, 0, 5], [1, 0, 5])), best);
      for (let position = 5; position < 25; position++) {
        const batch = batchOf(pool, rows([0, position, 1], [1, position, 1]));
        const chosen = { best: before.best!, rows: position === 5 ? Int32Array.of(4, 9) : Int32Array.of(1, 0) };
        const next = model.start({ ...batch, chosen }, best);
        ids.push(...(await before.results));
        before = next;
      }
      results.push([...ids, ...(await before.results)]);
    }
    expect(results[0]).toEqual(results[1]);
  });

  test('that would reach beyond the vocabulary or the cache are refused, although their shape is known', async () => {
    const model = await open();
    const good = batchOf(pool, rows([0, 0, 1]));
    await model.run(good);
    await model.run(good);
    const { numBlocks, blockSize } = model.cache.shape;
    const refused = (batch: object, message: RegExp) =>
      expect(model.run({ ...good, ...batch })).rejects.toThrow(
        expect.objectContaining({ message: expect.stringMatching(message) }),
      );
    await refused({ tokenIds: Int32Array.of(VOCAB) }, /token id 320/);
    await refused({ slotMapping: Int32Array.of(numBlocks * blockSize) }, /slot .* is beyond the kv cache/);
    await refused({ blockTable: good.blockTable.map(() => numBlocks) }, /block .* is beyond the kv cache/);
    await refused({ positions: Int32Array.of(-1) }, /contradicts|different lengths/);
  });

  test('leave alone what lives outside of them', async () => {
    const model = await open();
    const { backend } = model;
    const table = await backend.upload(randomWeight(new Random('table'), 'f32', [VOCAB, 64]).source);
    const batch = batchOf(pool, rows([0, 0, 1]));
    const expected = await model.run(batch);
    await model.run(batch);
    const x = backend.embed(table, batchOf(pool, rows([0, 0, 40])));
    const held = await backend.read(x);
    for (let i = 0; i < 4; i++) expectSameBits(await model.run(batch), expected);
    expectSameBits(await backend.read(x), held);
  });
});

async function runAll(model: Model, steps: readonly Chunk[][]): Promise<void> {
  for (const chunks of steps) await model.run(batchOf(pool, chunks));
}
