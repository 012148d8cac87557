import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../src/backend/backend.ts';
import type { DType } from '../../src/dtype/index.ts';
import { randomAttention } from './support/attention-case.ts';
import { candidates } from './support/backends.ts';
import type { Candidate } from './support/candidate.ts';
import { batchOf, type Chunk, idsOnly, poolBlocks, upTo } from './support/batches.ts';
import { expectClose, expectSameBits } from './support/compare.ts';
import { attend, gatedLinear, linear, rmsNorm, type Row, rowOf, rowsOfWeight } from './support/oracle.ts';
import { floatWeight, Random, randomNorm, randomWeight } from './support/random.ts';
import { rowsFrom, runOnGarbage, uploadLinear } from './support/run.ts';

const HIDDEN = 256;
const FEED_FORWARD = 512;
const VOCAB = 80;
const LAYERS = 2;
const EPS = 1e-5;

/** Two layers with all their parts; the residual stream begins at a table's rows. */
function randomModel(dtype: DType) {
  const random = new Random(`model ${dtype}`);
  const layer = (i: number) => ({
    ...randomAttention(`layer ${i} ${dtype}`, {
      hidden: HIDDEN,
      headDim: 64,
      dtypes: [dtype, dtype, dtype],
      pool: { blockSize: 8, blocksPerSequence: 8 },
    }),
    output: { weight: randomWeight(random, dtype, [HIDDEN, 4 * 64]) },
    feedForwardNorm: randomNorm(random, HIDDEN),
    gate: { weight: randomWeight(random, dtype, [FEED_FORWARD, HIDDEN]) },
    up: { weight: randomWeight(random, dtype, [FEED_FORWARD, HIDDEN]) },
    down: { weight: randomWeight(random, dtype, [HIDDEN, FEED_FORWARD]) },
  });
  return {
    embedding: floatWeight([VOCAB, HIDDEN], random.floats(VOCAB * HIDDEN)),
    layers: upTo(LAYERS).map(layer),
    norm: randomNorm(random, HIDDEN),
    head: { weight: randomWeight(random, dtype, [VOCAB, HIDDEN]) },
  };
}

type Model = ReturnType<typeof randomModel>;

const add = (a: readonly Row[], b: readonly Row[]): Row[] =>
  a.map((row, t) => row.map((value, i) => value + b[t]![i]!));

/** Logits of every position of one sequence. */
function expectedLogits(model: Model, ids: readonly number[]): Row[] {
  let x: Row[] = ids.map((id) => rowOf(model.embedding, id));
  for (const { weights, options, output, feedForwardNorm, gate, up, down } of model.layers) {
    x = add(
      x,
      attend(x, weights, options).map((row) => linear(row, output)),
    );
    x = add(
      x,
      x.map((row) => linear(gatedLinear(row, feedForwardNorm, gate, up, EPS), down)),
    );
  }
  return x.map((row) => linear(rmsNorm(row, model.norm, EPS), model.head));
}

/** The model on a backend, with the scopes that a real one has. */
async function load(backend: Backend, model: Model): Promise<(chunks: readonly Chunk[]) => Promise<Float32Array>> {
  const embedding = await backend.upload(model.embedding.source);
  const norm = await backend.upload(model.norm.source);
  const head = await uploadLinear(backend, model.head);
  const layers = await Promise.all(
    model.layers.map(async ({ weights, options, output, feedForwardNorm, gate, up, down }) => ({
      options,
      attention: {
        norm: await backend.upload(weights.norm.source),
        query: await uploadLinear(backend, weights.query),
        key: await uploadLinear(backend, weights.key),
        value: await uploadLinear(backend, weights.value),
      },
      output: await uploadLinear(backend, output),
      feedForward: {
        norm: await backend.upload(feedForwardNorm.source),
        gate: await uploadLinear(backend, gate),
        up: await uploadLinear(backend, up),
      },
      down: await uploadLinear(backend, down),
    })),
  );
  const { pool, options } = model.layers[0]!;
  const { numKvHeads, headDim } = options;
  const cache = backend.createKvCache({
    numLayers: LAYERS,
    numKvHeads,
    headDim,
    numBlocks: poolBlocks(pool),
    blockSize: pool.blockSize,
  });

  return (chunks) => {
    const batch = batchOf(pool, chunks);
    return runOnGarbage(backend, () => {
      const x = backend.embed(embedding, batch);
      layers.forEach((layer, i) =>
        backend.scope(() => {
          const q = backend.attentionInputs(x, layer.attention, cache[i]!, batch, layer.options);
          backend.addLinear(x, backend.attention(q, cache[i]!, batch, layer.options), layer.output);
          backend.addLinear(x, backend.gatedLinear(x, layer.feedForward, EPS), layer.down);
        }),
      );
      return backend.logits(x, norm, EPS, head, batch.outputRows);
    });
  };
}

const IDS = upTo(19).map((i) => (i * 7) % VOCAB);

describe.each(candidates)('$name', (candidate: Candidate) => {
  /** One for every number of threads, from 1 on; one in all where threads are none of its business. */
  let pools: Backend[] = [];
  beforeAll(async () => {
    pools = await Promise.all((candidate.isThreaded ? [1, 2, 3, 4] : [1]).map((threads) => candidate.open(threads)));
  });
  afterAll(async () => {
    await Promise.all(pools.map((backend) => backend.dispose()));
  });

  describe.each(['f32', 'f16', 'q8_0', 'q4_0', 'q4_k'] as const)('a model in %s', (dtype) => {
    const model = randomModel(dtype);

    test('has the logits of the exact arithmetic', async () => {
      const run = await load(pools.at(-1)!, model);
      // Thirteen products stand one behind another, and each adds its own error to what it was given.
      expectClose(
        await run([{ sequence: 0, start: 0, ids: IDS }]),
        expectedLogits(model, IDS),
        4 * candidate.tolerance(dtype),
      );
    });

    test.skipIf(candidate.isSlow === true && dtype !== 'q4_0')(
      'has the same bits whatever the number of threads, the chunks and the company',
      async () => {
        const whole = await (await load(pools[0]!, model))([{ sequence: 0, start: 0, ids: IDS }]);
        for (const [i, size] of [5, 8, 3, 7].entries()) {
          const run = await load(pools[i % pools.length]!, model);
          expectSameBits(await run([{ sequence: 0, start: 0, ids: IDS }]), whole);
          for (let start = 0; start < IDS.length; start += size) {
            const ids = IDS.slice(start, start + size);
            const company = { sequence: 2, start, ids: ids.map((id) => VOCAB - 1 - id) };
            const logits = await run([company, { sequence: 1, start, ids }]);
            expectSameBits(logits.slice(ids.length * VOCAB), whole.slice(start * VOCAB, (start + ids.length) * VOCAB));
          }
        }
      },
    );
  });

  test('what is read is a copy: later work leaves it alone', async () => {
    const backend = pools[0]!;
    const table = floatWeight([3, 4], Float32Array.from(upTo(12)));
    const uploaded = await backend.upload(table.source);
    const first = await backend.scope(() => backend.read(rowsFrom(backend, uploaded, [2])));
    const second = await backend.scope(() => backend.read(rowsFrom(backend, uploaded, [0])));
    expect([...first]).toEqual(rowOf(table, 2));
    expect([...second]).toEqual(rowsOfWeight(table)[0]);
  });

  test('weights of a dtype cost about what they take at rest, or their numbers in f32', () => {
    const backend = pools[0]!;
    for (const dtype of ['f32', 'f16', 'q8_0', 'q4_0', 'q6_k'] as const) {
      const { source } = randomWeight(new Random('bytes'), dtype, [64, 256]);
      const bytes = backend.weightBytes(dtype, source.shape);
      expect(bytes).toBeGreaterThanOrEqual(source.byteLength);
      expect(bytes).toBeLessThanOrEqual(1.35 * 4 * 64 * 256);
    }
  });

  test('it says what it is', () => {
    for (const { info } of pools) {
      expect(candidate.name.startsWith(info.name)).toBe(true);
      expect(info.mode).not.toBe('');
      expect(info.threads).toBeGreaterThanOrEqual(1);
    }
  });

  test('after dispose its calls throw `closed`, and disposing again does nothing', async () => {
    const backend = await candidate.open();
    const { source } = floatWeight([1, 4], new Float32Array(4));
    const uploaded = await backend.upload(source);
    await backend.dispose();
    await backend.dispose();
    const closed = expect.objectContaining({ code: 'closed' });
    await expect(backend.read(uploaded)).rejects.toThrow(closed);
    await expect(backend.upload(source)).rejects.toThrow(closed);
    expect(() => backend.scope(() => backend.embed(uploaded, idsOnly([0])))).toThrow(closed);
    expect(() =>
      backend.createKvCache({ numLayers: 1, numKvHeads: 1, headDim: 2, numBlocks: 1, blockSize: 1 }),
    ).toThrow(closed);
  });
});
