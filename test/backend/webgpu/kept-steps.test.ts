import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type LlamaShape, writeRandomModel } from '../../../bench/support/random-model.ts';
import type { Batch } from '../../../src/backend/backend.ts';
import { requireDawn } from '../../../src/backend/webgpu/dawn.node.ts';
import { openDevice, type OpenedDevice } from '../../../src/backend/webgpu/device.ts';
import { WebgpuBackend } from '../../../src/backend/webgpu/webgpu-backend.ts';
import { loadModel } from '../../../src/model/load-model.ts';
import type { Model } from '../../../src/model/model.ts';
import { openCheckpoint } from '../../../src/open-checkpoint.node.ts';
import { batchOf, idsOnly, upTo } from '../support/batches.ts';
import { expectSameBits } from '../support/compare.ts';
import { Random, randomNorm, randomWeight } from '../support/random.ts';
import { nullDevice } from './support/null-device.ts';
import { describeWithGpu } from './support/open-gpu.ts';

const SHAPE: LlamaShape = { hidden: 64, layers: 2, heads: 4, kvHeads: 2, intermediate: 128, vocab: 320 };
/** From here on, a decode step has its positions in parts that are merged. */
const SPLIT_FROM = 512;
const BEST = { count: 1, limit: SHAPE.vocab };

const folder = mkdtempSync(join(tmpdir(), 'realizar-steps-'));
const path = join(folder, 'tiny.gguf');
writeRandomModel(path, SHAPE, 'q8_0');
afterAll(() => rmSync(folder, { recursive: true }));

interface Opened {
  readonly backend: WebgpuBackend;
  readonly model: Model;
  /** The same weights and a cache of its own; run it in `anew`. */
  readonly other: Model;
}

async function open(opened: OpenedDevice): Promise<Opened> {
  const backend = new WebgpuBackend({ opened, autotune: 'off', selfCheck: false });
  const checkpoint = await openCheckpoint(path);
  const load = () => loadModel(checkpoint, backend, { contextLength: 2048 });
  const [model, other] = [await load(), await load()];
  await checkpoint.close();
  return { backend, model, other };
}

/** Has each step of `body` recorded anew. */
async function anew<T>(backend: WebgpuBackend, body: () => T): Promise<Awaited<T>> {
  Object.defineProperty(backend, 'step', { value: undefined, configurable: true });
  try {
    return await body();
  } finally {
    Reflect.deleteProperty(backend, 'step');
  }
}

/** Rows of sequences, laid out for the model's cache; what was never written is zeros. */
function batch(
  { cache }: Model,
  ...chunks: readonly (readonly [sequence: number, start: number, rows: number])[]
): Batch {
  const { blockSize } = cache.shape;
  return batchOf(
    { blockSize, numSequences: 3, blocksPerSequence: 640 / blockSize },
    chunks.map(([sequence, start, rows]) => {
      return { sequence, start, ids: upTo(rows).map((i) => (7 + 17 * (start + i) + 5 * sequence) % SHAPE.vocab) };
    }),
  );
}

describeWithGpu('steps of a model on a GPU', () => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(await openDevice(await requireDawn()));
  });
  afterAll(() => opened.backend.dispose());

  test('have the same bits, recorded once for many or each anew', async () => {
    const { backend, model, other } = opened;
    const steps = [
      batch(model, [0, 0, 20], [1, 0, 3]),
      ...upTo(10).map((i) => batch(model, [0, SPLIT_FROM - 5 + i, 1])), // over the border
      ...upTo(4).map((i) => batch(model, [0, SPLIT_FROM + 5 + i, 1], [1, 3 + i, 1])), // another joins
      ...upTo(4).map((i) => batch(model, [1, 7 + i, 1])), // one has left
      ...upTo(3).map((i) => batch(model, [2, 9 * i, 9], [1, 11 + i, 1])),
      batch(model, [1, 14, 1], [2, 27, 9]),
      ...upTo(3).map((i) => batch(model, [2, 36 + i, 1], [1, 15 + i, 1])),
    ];
    const recorded = vi.spyOn(backend, 'embed');
    const kept = await runAll(model, steps);
    expect(recorded.mock.calls.length).toBeLessThan(steps.length / 2);
    const expected = await anew(backend, () => runAll(other, steps));
    kept.forEach((numbers, i) => expectSameBits(numbers, expected[i]!));
  });

  test('take tokens from steps that were not read yet, whichever was recorded', async () => {
    const { backend, model, other } = opened;
    const answer = async (each: Model) => {
      let before = each.start(batch(each, [0, 0, 5], [1, 0, 5]), BEST);
      const reads = [before.results];
      for (const position of upTo(25).map((i) => 5 + i)) {
        if (reads.length > 3) await reads.at(-4);
        const isAlone = position >= 18 && position < 24;
        const step = isAlone ? batch(each, [1, position, 1]) : batch(each, [0, position, 1], [1, position, 1]);
        // At first in the last rows of the prompts; then in turns; then one leaves, and another joins with a token of its own.
        const rows = position === 5 ? [4, 9] : isAlone ? [0] : position === 24 ? [-1, 0] : [1, 0];
        before = each.start({ ...step, chosen: { best: before.best!, rows: Int32Array.from(rows) } }, BEST);
        reads.push(before.results);
      }
      return Promise.all(reads);
    };
    const kept = await answer(model);
    const expected = await anew(backend, () => answer(other));
    kept.forEach((numbers, i) => expectSameBits(numbers, expected[i]!));
    expect(new Set(kept.flatMap((numbers) => [...numbers])).size).toBeGreaterThan(10);
  });

  test('leave alone what lives outside of them, and may be read until something else is recorded', async () => {
    const { backend, model } = opened;
    const table = await backend.upload(randomWeight(new Random('table'), 'f32', [9, SHAPE.hidden]).source);
    const step = batch(model, [0, 0, 1]);
    const expected = await model.run(step);
    await model.run(step);
    const x = backend.embed(table, idsOnly([3]));
    const held = await backend.read(x);
    for (let i = 0; i < 3; i++) expectSameBits(await model.run(step), expected);
    expectSameBits(await backend.read(x), held);

    for (let i = 0; i < 2; i++) {
      const logits = backend.step(step, ['logits'], () => model.forward(step));
      expectSameBits(await backend.read(logits), expected);
      expectSameBits(await backend.read(logits), expected);
      backend.scope(() => {});
      await expect(backend.read(logits)).rejects.toThrow(/scope had ended/);
    }
    const inside = backend.scope(() => [model.run(step), model.run(step)]);
    for (const numbers of await Promise.all(inside)) expectSameBits(numbers, expected);
  });

  test('that contradict themselves or reach too far are refused, although their shape is known', async () => {
    const { model } = opened;
    const good = batch(model, [0, 0, 1]);
    const expected = await model.run(good);
    const { numBlocks, blockSize } = model.cache.shape;
    const refused = async (change: object, message: RegExp) => {
      expect(() => model.start({ ...good, ...change })).toThrow(
        expect.objectContaining({ code: 'invalid-argument', message: expect.stringMatching(message) }),
      );
      expectSameBits(await model.run(good), expected);
    };
    await refused({ tokenIds: Int32Array.of(SHAPE.vocab) }, /token id 320/);
    await refused({ slotMapping: Int32Array.of(numBlocks * blockSize) }, /slot .* is beyond the kv cache/);
    await refused({ blockTable: good.blockTable.map(() => numBlocks) }, /block .* is beyond the kv cache/);
    await refused({ positions: Int32Array.of(-1) }, /different lengths/);
    await refused({ blockSize: 2 * blockSize }, /other blocks/);
    await refused({ outputRows: Int32Array.of(1) }, /row 1/);
  });
});

describe('steps are recorded again only', () => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open(await nullDevice());
  });
  afterAll(() => opened.backend.dispose());

  const recordedIn = async (body: () => Promise<unknown>) => {
    const recorded = vi.spyOn(opened.backend, 'embed');
    recorded.mockClear();
    opened.backend.takeCounters();
    await body();
    return { recorded: recorded.mock.calls.length, ...opened.backend.takeCounters() };
  };

  test('where their shape changes, for each buffer of best tokens', async () => {
    const { model } = opened;
    const run = (start: number, count: number) =>
      recordedIn(async () => {
        for (const i of upTo(count)) await model.start(batch(model, [0, start + i, 1]), BEST).results;
      });
    const dispatches = 20 * (5 * SHAPE.layers + 3);
    expect(await run(0, 20)).toMatchObject({ recorded: 6, dispatches });
    expect(await run(20, 20)).toMatchObject({ recorded: 0, bindGroups: 0, dispatches, submits: 20 });
    expect(await run(SPLIT_FROM - 20, 20)).toMatchObject({ recorded: 0, dispatches });
    const merges = 20 * SHAPE.layers;
    expect(await run(SPLIT_FROM, 20)).toMatchObject({ recorded: 6, dispatches: dispatches + merges });
    expect(await run(40, 20)).toMatchObject({ recorded: 0, dispatches });
    await model.run(batch(model, [0, 60, 1]));
    expect(await run(61, 5)).toMatchObject({ recorded: 0, bindGroups: 0 });
  });

  test('where many other shapes came between', async () => {
    const { model } = opened;
    const run = (rows: number) => recordedIn(() => model.run(batch(model, [0, 0, rows])));
    expect(await run(2)).toMatchObject({ recorded: 1 });
    expect(await run(2)).toMatchObject({ recorded: 0 });
    for (const rows of upTo(48)) await run(3 + rows);
    expect(await run(2)).toMatchObject({ recorded: 1 });
  });

  test('after what may have changed them, and to be measured', async () => {
    const { backend, model } = opened;
    const step = batch(model, [0, 0, 1]);
    const twice = async () => {
      await model.run(step);
      await model.run(step);
    };
    const recordings = async () => (await recordedIn(twice)).recorded;
    await twice();
    expect(await recordings()).toBe(0);
    const weight = await backend.upload(randomWeight(new Random('late'), 'q8_0', [8, 64]).source);
    expect(await recordings()).toBe(1);
    const outputNorm = await backend.upload(randomNorm(new Random('norm'), 64).source);
    expect(await recordings()).toBe(1);
    await backend.tune({ layers: [], outputNorm, head: { weight }, normEps: 1e-5 });
    expect(await recordings()).toBe(1);
    await backend.reserve({ parts: [], kvCache: model.cache.shape });
    expect(await recordings()).toBe(1);
    backend.gpu.destroy([]);
    expect(await recordings()).toBe(1);
    backend.gpu.activation(16); // outside of scopes: for good
    expect(await recordings()).toBe(1);
    await backend.profile();
    expect(await recordings()).toBe(1);
    const times = await backend.profile();
    const calls = times.filter(({ op }) => op.startsWith('matvec')).reduce((sum, each) => sum + each.calls, 0);
    expect(calls).toBe(2 * (4 * SHAPE.layers + 1));
  });
});

async function runAll(model: Model, steps: readonly Batch[]): Promise<Float32Array[]> {
  const results = [];
  for (const step of steps) results.push(await model.run(step));
  return results;
}
