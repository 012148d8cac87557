import { afterEach, describe, expect, test } from 'vitest';
import type { Backend, Batch } from '../../../src/backend/backend.ts';
import { supportedKernelSets } from '../../../src/backend/wasm/probe.ts';
import { createWasmBackend, type WasmBackendOptions } from '../../../src/backend/wasm/wasm-backend.ts';
import { AttentionRun, attended, randomAttention, STATES } from '../support/attention-case.ts';
import { batchOf, idsOnly, upTo } from '../support/batches.ts';
import { expectClose, expectSameBits } from '../support/compare.ts';
import { Random, randomNorm, randomWeight, weightOf } from '../support/random.ts';
import { rowsFrom, uploadLinear } from '../support/run.ts';

const opened: Backend[] = [];

async function open(options: WasmBackendOptions = {}): Promise<Backend> {
  const backend = await createWasmBackend({ threads: 2, ...options });
  opened.push(backend);
  return backend;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((backend) => backend.dispose()));
});

/** A layer as a model has it, prefill in two chunks and then a decode step; every op takes part. */
async function smallLayer(backend: Backend, dtype: 'f32' | 'q8_0' | 'q4_0'): Promise<Float32Array> {
  const dtypes = [dtype, dtype, dtype] as const;
  const given = randomAttention('a layer', { hidden: 96, numHeads: 6, numKvHeads: 2, headDim: 32, dtypes });
  const random = new Random('feed-forward');
  const norm = await backend.upload(randomNorm(random, 96).source);
  const linear = async (rows: number, columns: number) =>
    uploadLinear(backend, { weight: randomWeight(random, dtype, [rows, columns]) });
  const [output, gate, up, down, head] = [
    await linear(96, 192),
    await linear(160, 96),
    await linear(160, 96),
    await linear(96, 160),
    await linear(100, 96),
  ];
  const states = await backend.upload(given.states.source);
  const { query, key, value } = given.weights;
  const attention = {
    norm,
    query: await uploadLinear(backend, query),
    key: await uploadLinear(backend, key),
    value: await uploadLinear(backend, value),
  };
  const { pool, options } = given;
  const [cache] = backend.createKvCache({ numLayers: 1, numKvHeads: 2, headDim: 32, numBlocks: 15, blockSize: 16 });
  const results: number[] = [];
  for (const [start, count] of [
    [0, 23],
    [23, 14],
    [37, 1],
  ] as const) {
    const batch = batchOf(pool, [{ sequence: 1, start, ids: upTo(count).map((i) => (start + i) % STATES) }]);
    const logits = await backend.scope(() => {
      const x = backend.embed(states, batch);
      backend.scope(() => {
        const q = backend.attentionInputs(x, attention, cache!, batch, options);
        backend.addLinear(x, backend.attention(q, cache!, batch, options), output);
        backend.addLinear(x, backend.gatedLinear(x, { norm, gate, up }, 1e-5), down);
      });
      return backend.read(backend.logits(x, norm, 1e-5, head, batch.outputRows));
    });
    results.push(...logits);
  }
  return Float32Array.from(results);
}

describe('the wasm backend', () => {
  test.each(['f32', 'q8_0', 'q4_0'] as const)(
    'computes the same bits on 1, 2, 3 and 4 threads and in the calling one: %s',
    async (dtype) => {
      const expected = await smallLayer(await open({ inline: true }), dtype);
      for (const threads of [1, 2, 3, 4]) expectSameBits(await smallLayer(await open({ threads }), dtype), expected);
    },
  );

  test('names its kernels and threads, for every set that the machine has', async () => {
    for (const kernelSet of await supportedKernelSets()) {
      expect((await open({ kernelSet, threads: 3 })).info).toMatchObject({ name: 'wasm', mode: kernelSet, threads: 3 });
    }
    expect((await open({ inline: true })).info.threads).toBe(1);
    expect((await createAndClose({})).threads).toBe(navigator.hardwareConcurrency);
  });

  test.each([0, 1.5, 257, Number.NaN])('refuses %d threads', async (threads) => {
    await expect(open({ threads })).rejects.toMatchObject({ code: 'invalid-argument', field: 'threads' });
  });

  test('reads back what was uploaded, also what comes in several pieces', async () => {
    const backend = await open();
    const values = new Random('large').floats(2100 * 2048);
    const large = weightOf('f32', [2100, 2048], new Uint8Array(values.buffer));
    expectSameBits(await backend.read(await backend.upload(large.source)), values);
  });

  test('takes dtypes that its kernels do not know: they arrive as f32', async () => {
    const backend = await open();
    const bytes = Uint8Array.from({ length: 9 * 40 }, (_, i) => i);
    const { source, values } = weightOf('i8', [9, 40], bytes);
    expectSameBits(await backend.read(await backend.upload(source)), values);
    expect(backend.weightBytes('i8', [16, 32])).toBe(16 * 32 * 4);
    expect(backend.weightBytes('f16', [7])).toBe(28);
  });

  test('refuses a weight whose bytes are not those of its shape', async () => {
    const { source } = randomWeight(new Random('short'), 'f32', [8, 32]);
    const backend = await open();
    await expect(backend.upload({ ...source, byteLength: 100 })).rejects.toMatchObject({
      code: 'shape-mismatch',
      field: source.name,
    });
    await expect(backend.upload({ ...source, shape: [2, 4, 32] })).rejects.toMatchObject({ code: 'shape-mismatch' });
  });

  test('a failing read of a weight reaches the caller, and the backend goes on', async () => {
    const backend = await open();
    const { source } = randomWeight(new Random('lost'), 'f32', [8, 32]);
    const read = () => Promise.reject(new Error('the disk is gone'));
    await expect(backend.upload({ ...source, read })).rejects.toThrow('the disk is gone');
    expect(await backend.read(await backend.upload(source))).toHaveLength(256);
  });

  test('uploads that start together do not disturb each other', async () => {
    const backend = await open();
    const weights = upTo(6).map((i) => randomWeight(new Random(`w${i}`), 'f32', [24, 40]));
    const tensors = await Promise.all(weights.map(({ source }) => backend.upload(source)));
    for (const [i, tensor] of tensors.entries()) expectSameBits(await backend.read(tensor), weights[i]!.values);
  });

  test('leaves the event loop free while it works', async () => {
    const backend = await open({ threads: 1 });
    const head = await uploadLinear(backend, { weight: randomWeight(new Random('big'), 'f32', [2048, 1024]) });
    const table = await backend.upload(randomWeight(new Random('rows'), 'f32', [8, 1024]).source);
    const norm = await backend.upload(randomNorm(new Random('norm'), 1024).source);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await backend.scope(() => {
      const x = rowsFrom(backend, table, upTo(8));
      for (let i = 0; i < 100; i++) backend.scope(() => backend.logits(x, norm, 1e-5, head, Int32Array.of(0, 1, 2, 3)));
      return backend.read(x);
    });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });

  test('one program may be recorded while another runs, a third may not; and what has run can be read twice', async () => {
    const backend = await open();
    const table = await backend.upload(randomWeight(new Random('t'), 'f32', [4, 8]).source);
    await backend.scope(async () => {
      const x = backend.embed(table, idsOnly([1, 2]));
      const first = backend.read(x);
      const y = backend.embed(table, idsOnly([1]));
      const second = backend.read(y);
      expect(() => backend.embed(table, idsOnly([1]))).toThrow(/at work/);
      expectSameBits(await first, await backend.read(x));
      expectSameBits(await second, (await first).slice(0, 8));
    });
  });

  test('steps recorded ahead take their tokens from the step before, as if the host had known them', async () => {
    const backend = await open();
    const random = new Random('ahead');
    const table = await backend.upload(randomWeight(random, 'q8_0', [50, 64]).source);
    const norm = await backend.upload(randomNorm(random, 64).source);
    const head = { weight: await backend.upload(randomWeight(random, 'q8_0', [50, 64]).source) };
    const step = (batch: Batch) =>
      backend.scope(() => {
        const rows = Int32Array.from(batch.tokenIds, (_, i) => i);
        const best = backend.best(backend.logits(backend.embed(table, batch), norm, 1e-5, head, rows), 2, 50);
        return { best, results: backend.read(best) };
      });
    const ids = (results: Float32Array) => [results[0]!, results[4]!];

    const known = [[3, 4]];
    for (let i = 0; i < 6; i++) known.push(ids(await step(idsOnly(known.at(-1)!)).results));

    let before = step(idsOnly([3, 4]));
    for (let i = 1; i < 6; i++) {
      // The second sequence's token is known to the host.
      const tokens = idsOnly([0, known[i]![1]!]);
      const next = step({ ...tokens, chosen: { best: before.best, rows: Int32Array.of(0, -1) } });
      expect(ids(await before.results)).toEqual(known[i]);
      before = next;
    }
    expect(ids(await before.results)).toEqual(known[6]);
  });

  test('keys of a batch reach the cache even if nobody attends to them', async () => {
    const given = randomAttention('left alone');
    const backend = await open();
    const { norm, query, key, value } = given.weights;
    const states = await backend.upload(given.states.source);
    const weights = {
      norm: await backend.upload(norm.source),
      query: await uploadLinear(backend, query),
      key: await uploadLinear(backend, key),
      value: await uploadLinear(backend, value),
    };
    const [cache] = backend.createKvCache({ numLayers: 1, numKvHeads: 2, headDim: 16, numBlocks: 15, blockSize: 16 });
    const inputs = (start: number, id: number) => {
      const batch = batchOf(given.pool, [{ sequence: 0, start, ids: [id] }]);
      return {
        batch,
        q: backend.attentionInputs(rowsFrom(backend, states, [id]), weights, cache!, batch, given.options),
      };
    };
    backend.scope(() => inputs(0, 5));
    backend.scope(() => inputs(1, 6));
    const last = await backend.scope(() => {
      const { batch, q } = inputs(2, 7);
      return backend.read(backend.attention(q, cache!, batch, given.options));
    });
    expectClose(last, [attended(given, [5, 6, 7])[2]!], 1e-5);
  });

  test('everything is refused once it is closed, and what waits is told', async () => {
    const backend = await open();
    const table = await backend.upload(randomWeight(new Random('t'), 'f32', [4, 8]).source);
    const x = backend.embed(table, idsOnly([0]));
    const reading = backend.read(x);
    const told = expect(reading).rejects.toMatchObject({ code: 'closed' });
    await backend.dispose();
    await told;
    expect(() => backend.embed(table, idsOnly([0]))).toThrow(/closed/);
    expect(() => backend.scope(() => 0)).toThrow(/closed/);
    await expect(backend.read(x)).rejects.toMatchObject({ code: 'closed' });
    await backend.dispose();
  });
});

async function createAndClose(options: WasmBackendOptions) {
  const backend = await createWasmBackend(options);
  await backend.dispose();
  return backend.info;
}

const attentionShapes = [
  { headDim: 6, numHeads: 4, numKvHeads: 4, pool: { blockSize: 4, blocksPerSequence: 12 } },
  { headDim: 20, numHeads: 4, numKvHeads: 2, pool: { blockSize: 6, blocksPerSequence: 12 } },
  { headDim: 32, numHeads: 5, numKvHeads: 1, pool: { blockSize: 16 } },
  { headDim: 64, numHeads: 9, numKvHeads: 3, pool: { blockSize: 32 } },
  { headDim: 80, numHeads: 2, numKvHeads: 2, pool: { blockSize: 16 }, slidingWindow: 7 },
  { headDim: 128, numHeads: 8, numKvHeads: 1, pool: { blockSize: 5, blocksPerSequence: 14 }, slidingWindow: 18 },
] as const;

describe.each(attentionShapes)('attention with heads of $headDim', (shape) => {
  test('equals the exact one, in one tile or many, and its bits do not depend on how the prompt is cut', async () => {
    const given = randomAttention(`heads of ${shape.headDim}`, shape);
    const ids = upTo(45).map((i) => (i * 7) % STATES);
    const backend = await open();
    const whole = await (await AttentionRun.open(backend, given)).step([{ sequence: 0, start: 0, ids }]);
    expectClose(whole, attended(given, ids), 1e-5);
    for (const cuts of [[1, 2, 30, 45], upTo(46).slice(1)]) {
      const run = await AttentionRun.open(backend, given);
      let start = 0;
      const rows: number[] = [];
      for (const cut of cuts) {
        rows.push(...(await run.step([{ sequence: 0, start, ids: ids.slice(start, cut) }])));
        start = cut;
      }
      expectSameBits(Float32Array.from(rows), whole);
    }
  });
});
