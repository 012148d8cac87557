import { afterEach, expect, test } from 'vitest';
import type { Backend, KvShape } from '../../../src/backend/backend.ts';
import { requireDawn } from '../../../src/backend/webgpu/dawn.node.ts';
import { createWebgpuBackend, type WebgpuOptions } from '../../../src/backend/webgpu/open-webgpu.ts';
import type { WebgpuBackend } from '../../../src/backend/webgpu/webgpu-backend.ts';
import { bytesOnGpu } from '../../../src/backend/webgpu/upload.ts';
import { demoModelPath } from '../../../src/demo.node.ts';
import { openCheckpoint } from '../../../src/open-checkpoint.node.ts';
import { startEngine } from '../../../src/start-engine.ts';
import { AttentionRun, attended, randomAttention } from '../support/attention-case.ts';
import { batchOf, idsOnly, upTo } from '../support/batches.ts';
import { expectClose, expectSameBits } from '../support/compare.ts';
import { linear, rowOf } from '../support/oracle.ts';
import { floatWeight, Random, randomNorm, randomWeight } from '../support/random.ts';
import { rowsFrom, uploadLinear } from '../support/run.ts';
import { describeWithGpu } from './support/open-gpu.ts';

const IDS = [66, 0, 7, 23, 24, 31, 32, 48, 55, 56];
const CACHE: KvShape = { numLayers: 1, numKvHeads: 2, headDim: 16, numBlocks: 15, blockSize: 16 };

describeWithGpu('the WebGPU backend', () => {
  const opened: Backend[] = [];
  async function open(options: WebgpuOptions = {}): Promise<WebgpuBackend> {
    const backend = await createWebgpuBackend({ source: await requireDawn(), ...options });
    opened.push(backend);
    return backend as WebgpuBackend;
  }
  afterEach(async () => {
    for (const backend of opened.splice(0)) await backend.dispose();
  });

  test('weights cut into shards give the same bits as whole ones', async () => {
    for (const dtype of ['q4_0', 'q6_k', 'f16', 'f32'] as const) {
      const random = new Random(`shards ${dtype}`);
      const head = { weight: randomWeight(random, dtype, [67, 256]) };
      const states = floatWeight([5, 256], random.floats(5 * 256));
      const norm = randomNorm(random, 256);
      const results = [];
      for (const shardBytes of [undefined, Math.max(bytesOnGpu(dtype, 24, 256), 8192)]) {
        const backend = await open({ shardBytes });
        const weights = await uploadLinear(backend, head);
        const table = await backend.upload(states.source);
        const embedded = await backend.scope(() => backend.read(backend.embed(weights.weight, idsOnly(IDS))));
        expectClose(
          embedded,
          IDS.map((id) => rowOf(head.weight, id)),
          1e-7,
        );
        const normTensor = await backend.upload(norm.source);
        const rows = Int32Array.from(upTo(5));
        const logits = await backend.scope(() =>
          backend.read(backend.logits(rowsFrom(backend, table, upTo(5)), normTensor, 1e-5, weights, rows)),
        );
        results.push(logits);
      }
      expectSameBits(results[1]!, results[0]!);
    }
  });

  test('a cache of half floats is as exact as halves are', async () => {
    const backend = await open({ kvDType: 'f16' });
    for (const headDim of [2, 20, 64]) {
      const given = randomAttention(`halves ${headDim}`, { headDim });
      const run = await AttentionRun.open(backend, given);
      expectClose(await run.step([{ sequence: 0, start: 0, ids: upTo(21) }]), attended(given, upTo(21)), 2e-3);
    }
  });

  test('several steps are read while others are recorded, each with its own numbers', async () => {
    const backend = await open();
    const table = floatWeight([9, 8], Float32Array.from(upTo(72)));
    const uploaded = await backend.upload(table.source);
    const reads = upTo(9).map((id) => backend.scope(() => backend.read(rowsFrom(backend, uploaded, [id]))));
    const values = await Promise.all(reads);
    values.forEach((row, id) => expect([...row]).toEqual(rowOf(table, id)));
  });

  test('tokens that `best` chose are taken from the GPU, also by steps that were recorded before it was read', async () => {
    const backend = await open();
    const random = new Random('chosen');
    const table = floatWeight([32, 32], random.floats(32 * 32));
    const uploaded = await backend.upload(table.source);
    const logits = floatWeight([3, 32], random.floats(3 * 32));
    const scores = await backend.upload(logits.source);
    const { best, first } = backend.scope(() => {
      const chosen = backend.best(rowsFrom(backend, scores, [0, 1, 2]), 2, 30);
      return { best: chosen, first: backend.read(chosen) };
    });
    const batch = { ...idsOnly([7, 0, 0, 9]), chosen: { best, rows: Int32Array.from([-1, 2, 0, -1]) } };
    const second = await backend.scope(() => backend.read(backend.embed(uploaded, batch)));
    const ids = (await first).filter((_, i) => i % 4 === 0);
    expect([...second]).toEqual([7, ids[2]!, ids[0]!, 9].flatMap((id) => rowOf(table, id)));
  });

  test('chosen tokens that are in no row of what was chosen are refused', async () => {
    const backend = await open();
    const table = await backend.upload(floatWeight([32, 32], new Float32Array(32 * 32)).source);
    const embedChosen = (...rows: number[]) =>
      backend.scope(() => {
        const best = backend.best(rowsFrom(backend, table, [0, 1]), 1, 32);
        return backend.embed(table, { ...idsOnly([0]), chosen: { best, rows: Int32Array.from(rows) } });
      });
    const refusal = { code: 'invalid-argument', message: expect.stringContaining('a batch has arrays') };
    for (const rows of [[2], [-2], [0, 1]]) {
      expect(() => embedChosen(...rows), rows.join()).toThrow(expect.objectContaining(refusal));
    }
    embedChosen(1);
  });

  test('a steady decode makes no bind groups', async () => {
    const backend = await open();
    const given = randomAttention('steady', { hidden: 64 });
    const run = await AttentionRun.open(backend, given);
    for (let position = 0; position < 12; position++) {
      if (position === 8) backend.takeCounters();
      await run.step([{ sequence: 0, start: position, ids: [position] }]);
    }
    const { bindGroups, dispatches } = backend.takeCounters();
    expect(bindGroups).toBe(0);
    expect(dispatches).toBeGreaterThan(0);
  });

  test('a token that the GPU chooses takes five dispatches a layer and four, one of them for what it chose before', async () => {
    const backend = await open();
    const checkpoint = await openCheckpoint(demoModelPath());
    const reopen = { backend: async () => backend, checkpoint: () => openCheckpoint(demoModelPath()) };
    await using engine = await startEngine(checkpoint, reopen, { contextLength: 64 });
    await checkpoint.close();
    const dispatchesOf = async (maxTokens: number) => {
      backend.takeCounters();
      await engine.generate('Once', { maxTokens, temperature: 0, ignoreEos: true }).result();
      return backend.takeCounters().dispatches;
    };
    const few = await dispatchesOf(3);
    expect((await dispatchesOf(11)) - few).toBe(8 * (5 * engine.config.numLayers + 4));
  });

  test('a model that does not fit is refused before it is read', async () => {
    const backend = await open();
    const weights = [{ name: 'huge', dtype: 'f16' as const, shape: [2 ** 24, 2 ** 20] }];
    await expect(backend.reserve({ parts: [{ weights }], kvCache: CACHE })).rejects.toThrow(
      expect.objectContaining({ code: 'out-of-memory', message: expect.stringMatching(/--backend wasm/) }),
    );
    await backend.reserve({ parts: [{ weights: [{ ...weights[0]!, shape: [64, 64] }] }], kvCache: CACHE });
    expect(() => backend.createKvCache({ ...CACHE, numBlocks: 2 ** 30 })).toThrow(
      expect.objectContaining({ code: 'out-of-memory' }),
    );
    expect(() => backend.createKvCache({ ...CACHE, dtype: 'q8_0' })).toThrow(
      expect.objectContaining({ code: 'invalid-argument', field: 'kvCacheType' }),
    );
  });

  test('what would read or write beyond its buffers is refused', async () => {
    const backend = await open();
    const given = randomAttention('refusals');
    const run = await AttentionRun.open(backend, given);
    const batch = batchOf(given.pool, [{ sequence: 0, start: 0, ids: upTo(3) }]);
    const wrong = expect.objectContaining({ code: 'invalid-argument' });
    const broken = [
      { slotMapping: Int32Array.from([0, 1, 10_000]) },
      { slotMapping: Int32Array.from([0, 1]) },
      { positions: Int32Array.from([0, 1, -2]) },
      { sequenceOf: Int32Array.from([0, 0, 5]) },
      { blockTable: batch.blockTable.map(() => 1000) },
      { blockSize: 8 },
    ];
    for (const change of broken) await expect(run.stepOf({ ...batch, ...change })).rejects.toThrow(wrong);
    const table = await backend.upload(floatWeight([4, 4], new Float32Array(16)).source);
    const other = await open();
    expect(() => other.embed(table, idsOnly([0]))).toThrow(wrong);
    const dead = backend.scope(() => rowsFrom(backend, table, [1]));
    await expect(backend.read(dead)).rejects.toThrow(wrong);
  });

  test('it says where its time goes, once asked', async () => {
    const backend = await open();
    const weight = randomWeight(new Random('profile'), 'q8_0', [8, 64]);
    const states = floatWeight([1, 64], new Random('states').floats(64));
    const weights = await uploadLinear(backend, { weight });
    const table = await backend.upload(states.source);
    const zeros = await backend.upload(floatWeight([1, 8], new Float32Array(8)).source);
    expect(await backend.profile()).toEqual([]);
    const sum = await backend.scope(() => {
      const x = rowsFrom(backend, zeros, [0]);
      backend.addLinear(x, rowsFrom(backend, table, [0]), weights);
      return backend.read(x);
    });
    expectClose(sum, [linear(rowOf(states, 0), { weight })], 1e-2);
    const times = await backend.profile();
    expect(times.length).toBeGreaterThan(0);
    for (const { op, calls } of times) expect([op.length > 0, calls > 0]).toEqual([true, true]);
  });
});
