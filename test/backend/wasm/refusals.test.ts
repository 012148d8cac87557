import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttentionOptions, Backend, Batch, Linear } from '../../../src/backend/backend.ts';
import { createWasmBackend } from '../../../src/backend/wasm/wasm-backend.ts';
import { writeF16 } from '../../../src/dtype/half.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { batchOf, idsOnly, upTo } from '../support/batches.ts';
import { expectSameBits } from '../support/compare.ts';
import { Random, randomNorm, randomWeight, weightOf } from '../support/random.ts';

const random = new Random('refusals');
const pool = { blockSize: 4, numSequences: 2, blocksPerSequence: 2 };
const options: AttentionOptions = {
  numHeads: 2,
  numKvHeads: 1,
  headDim: 8,
  scale: 1,
  normEps: 1e-5,
  rope: { pairing: 'half', dimensions: 8, frequencies: new Float64Array(4), magnitude: 1 },
};

describe('the wasm backend refuses', () => {
  let backend: Backend;
  let table: Tensor;
  let norm: Tensor;
  let square: Linear;
  let wide: Linear;

  beforeAll(async () => {
    backend = await createWasmBackend({ inline: true });
    const weight = async (rows: number) => backend.upload(randomWeight(random, 'f32', [rows, 16]).source);
    table = await weight(10);
    norm = await backend.upload(randomNorm(random, 16).source);
    square = { weight: await weight(16) };
    wide = { weight: await weight(24) };
  });
  afterAll(() => backend.dispose());

  const rows = (count: number) => backend.embed(table, idsOnly(upTo(count)));
  const refused = (body: () => unknown, message: RegExp) => expect(() => backend.scope(body)).toThrow(message);

  test('a token id outside the vocabulary', () => {
    refused(() => backend.embed(table, idsOnly([10])), /token id 10 is none of the vocabulary's 10/);
    refused(() => backend.embed(table, idsOnly([-1])), /token id -1/);
  });

  test('chosen tokens that are in no row of what was chosen', () => {
    const refusedRows = (...chosenRows: number[]) =>
      refused(() => {
        const best = backend.best(rows(2), 1, 16);
        backend.embed(table, { ...idsOnly([0]), chosen: { best, rows: Int32Array.from(chosenRows) } });
      }, /none of the 2 rows of best/);
    refusedRows(2);
    refusedRows(-2);
    refusedRows(0, 1);
  });

  test('weights of another shape', () => {
    refused(() => backend.addLinear(rows(2), rows(2), wide), /x of addLinear is \[2, 16\] and has to be \[2, 24\]/);
    refused(
      () => backend.gatedLinear(rows(1), { norm, gate: square, up: wide }, 1e-5),
      /up is \[24, 16\] .* \[16, 16\]/,
    );
    refused(() => backend.addLinear(rows(1), rows(1), { ...square, bias: rows(1) }), /bias .* is \[1, 16\] .* \[16\]/);
    refused(() => backend.gatedLinear(rows(1), { norm: square.weight, gate: square, up: square }, 1e-5), /norm/);
  });

  test('tensors where weights are wanted, and the reverse', () => {
    refused(() => backend.addLinear(rows(1), rows(1), { weight: rows(4) }), /no weight of this backend/);
    refused(() => backend.addLinear(rows(1), square.weight, square), /no f32 tensor of this backend/);
    refused(
      () => backend.addLinear(rows(1), { dtype: 'f32', shape: [1, 16] }, square),
      /no f32 tensor of this backend/,
    );
  });

  test('logits of rows that are not there', () => {
    const logits =
      (...wanted: number[]) =>
      () =>
        backend.logits(rows(3), norm, 1e-5, square, Int32Array.from(wanted));
    refused(logits(3), /beyond the 3 of the batch/);
    refused(logits(-1), /beyond the 3 of the batch/);
    expect(backend.scope(logits()).shape).toEqual([0, 16]);
  });

  test.each<[string, Partial<Batch>]>([
    ['arrays of different lengths', { positions: Int32Array.of(0) }],
    ['a position beyond the block table', { positions: Int32Array.of(7, 8) }],
    ['a sequence without blocks', { sequenceOf: Int32Array.of(0, 1) }],
    ['a negative slot', { slotMapping: Int32Array.of(-1, 0) }],
    ['a negative block', { blockTable: Int32Array.of(0, -1) }],
    ['a slot beyond the cache', { slotMapping: Int32Array.of(0, 16) }],
    ['a block beyond the cache', { blockTable: Int32Array.of(0, 4) }],
    ['other blocks than the cache', { blockSize: 8 }],
  ])('a batch with %s', (_, change) => {
    const batch = { ...batchOf(pool, [{ sequence: 0, start: 0, ids: [1, 2] }]), ...change };
    attend(options, /batch|slot|block/, batch);
  });

  test.each<[Partial<AttentionOptions>, RegExp]>([
    [{ numKvHeads: 2 }, /other heads/],
    [{ headDim: 4 }, /other heads/],
    [{ slidingWindow: 0 }, /sliding window/],
    [{ rope: { ...options.rope, dimensions: 10 } }, /rope cannot rotate 10 numbers of a head of 8/],
    [{ rope: { ...options.rope, frequencies: new Float64Array(3) } }, /rope/],
  ])('attention with %o', (change, message) => {
    attend({ ...options, ...change }, message);
  });

  function attend(
    given: AttentionOptions,
    message: RegExp,
    batch = batchOf(pool, [{ sequence: 0, start: 0, ids: [1, 2] }]),
  ) {
    const [cache] = backend.createKvCache({ numLayers: 1, numKvHeads: 1, headDim: 8, numBlocks: 4, blockSize: 4 });
    const weights = { norm, query: square, key: square, value: square };
    refused(() => backend.attentionInputs(rows(2), weights, cache!, batch, given), message);
  }

  test('a cache of another backend', async () => {
    const other = await createWasmBackend({ inline: true });
    const [cache] = other.createKvCache({ numLayers: 1, numKvHeads: 1, headDim: 8, numBlocks: 4, blockSize: 4 });
    const batch = batchOf(pool, [{ sequence: 0, start: 0, ids: [1, 2] }]);
    const weights = { norm, query: square, key: square, value: square };
    refused(() => backend.attentionInputs(rows(2), weights, cache!, batch, options), /not of this backend/);
    await other.dispose();
  });
});

test('a weight with scales beyond the range of its layout is read all the same', async () => {
  const { source } = randomWeight(random, 'q8_0', [20, 64]);
  const bytes = (await source.read(0, source.byteLength)).slice();
  writeF16(bytes, 0, 40_000);
  const large = weightOf('q8_0', [20, 64], bytes);
  for (const inline of [true, false]) {
    const backend = await createWasmBackend({ inline, threads: 2 });
    expectSameBits(await backend.read(await backend.upload(large.source)), large.values);
    await backend.dispose();
  }
});

test('logits of scattered rows are those of the rows', async () => {
  const backend = await createWasmBackend({ inline: true });
  const table = await backend.upload(randomWeight(random, 'f32', [9, 32]).source);
  const norm = await backend.upload(randomNorm(random, 32).source);
  const head = { weight: table };
  const logits = (...wanted: number[]) =>
    backend.scope(() =>
      backend.read(backend.logits(backend.embed(table, idsOnly(upTo(9))), norm, 1e-5, head, Int32Array.from(wanted))),
    );
  const all = await logits(...upTo(9));
  expectSameBits(
    await logits(1, 4, 8),
    Float32Array.from([1, 4, 8].flatMap((row) => [...all.subarray(9 * row, 9 * row + 9)])),
  );
  await backend.dispose();
});
