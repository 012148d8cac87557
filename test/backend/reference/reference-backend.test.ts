import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/backend/backend.ts';
import { createReferenceBackend } from '../../../src/backend/reference/reference-backend.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { randomAttention } from '../support/attention-case.ts';
import { batchOf, idsOnly } from '../support/batches.ts';
import { floatWeight, Random, randomWeight, weightOf } from '../support/random.ts';

const table = floatWeight([3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
const code = (name: string) => expect.objectContaining({ code: name });

describe('scopes', () => {
  test('an activation dies with the scope that made it, and not with those inside', async () => {
    const backend = createReferenceBackend();
    const uploaded = await backend.upload(table.source);
    const { x, reading } = backend.scope(() => {
      const made = backend.embed(uploaded, idsOnly([2]));
      backend.scope(() => backend.embed(uploaded, idsOnly([1])));
      return { x: made, reading: backend.read(made) };
    });
    expect([...(await reading)]).toEqual([5, 6]);
    await expect(backend.read(x)).rejects.toThrow(code('invalid-argument'));
  });

  test('what is read inside a scope outlives it', async () => {
    const backend = createReferenceBackend();
    const uploaded = await backend.upload(table.source);
    const reading = backend.scope(() => backend.read(backend.embed(uploaded, idsOnly([1, 0]))));
    expect([...(await reading)]).toEqual([3, 4, 1, 2]);
    expect([...(await backend.read(uploaded))]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a scope that throws frees what it made', async () => {
    const backend = createReferenceBackend();
    const uploaded = await backend.upload(table.source);
    let made: Tensor | undefined;
    const failing = () =>
      backend.scope(() => {
        made = backend.embed(uploaded, idsOnly([0]));
        throw new Error('from the body');
      });
    expect(failing).toThrow('from the body');
    await expect(backend.read(made!)).rejects.toThrow(code('invalid-argument'));
  });
});

describe('weights', () => {
  test('are decoded in pieces, and cost four bytes a number', async () => {
    const backend = createReferenceBackend();
    const rows = 2 ** 12;
    const weight = randomWeight(new Random('upload'), 'q4_0', [rows, 544]); // more than one piece, the last one short
    const reads: [number, number][] = [];
    const source = {
      ...weight.source,
      read: (start: number, end: number) => (reads.push([start, end]), weight.source.read(start, end)),
    };
    expect(await backend.read(await backend.upload(source))).toEqual(weight.values);
    expect(reads.length).toBeGreaterThan(1);
    expect(reads.at(-1)![1]).toBe(weight.source.byteLength);
    expect(backend.weightBytes('q4_0', [rows, 544])).toBe(4 * rows * 544);
  });

  test('that cannot fit are refused by name', async () => {
    const source = { ...weightOf('f32', [1], new Uint8Array(4)).source, name: 'blk.0.huge', shape: [2 ** 40, 2 ** 10] };
    await expect(createReferenceBackend().upload(source)).rejects.toThrow(
      expect.objectContaining({ code: 'out-of-memory', field: 'blk.0.huge' }),
    );
  });

  test('of a wrong shape are refused before anything is computed', async () => {
    const backend = createReferenceBackend();
    const x = await backend.upload(table.source);
    const square = await backend.upload(floatWeight([2, 2], new Float32Array(4)).source);
    const three = await backend.upload(floatWeight([3], new Float32Array(3)).source);
    const two = await backend.upload(floatWeight([2], new Float32Array(2)).source);
    const mismatch = code('shape-mismatch');
    expect(() => backend.addLinear(x, x, { weight: x })).toThrow(mismatch);
    expect(() => backend.addLinear(x, x, { weight: square, bias: three })).toThrow(mismatch);
    expect(() => backend.addLinear(x, square, { weight: square })).toThrow(mismatch);
    expect(() =>
      backend.gatedLinear(x, { norm: three, gate: { weight: square }, up: { weight: square } }, 1e-5),
    ).toThrow(mismatch);
    expect(() => backend.gatedLinear(x, { norm: two, gate: { weight: square }, up: { weight: x } }, 1e-5)).toThrow(
      mismatch,
    );
    expect(() => backend.logits(x, three, 1e-5, { weight: square }, Int32Array.of(0))).toThrow(mismatch);
  });
});

describe('what belongs to another backend is refused', () => {
  const foreign: Tensor = { dtype: 'f32', shape: [1, 64] };
  const { options, pool } = randomAttention('foreign');
  const batch = batchOf(pool, [{ sequence: 0, start: 0, ids: [0] }]);

  test('as a tensor', async () => {
    await expect(createReferenceBackend().read(foreign)).rejects.toThrow(code('invalid-argument'));
  });

  test('as a cache', async () => {
    const backend = createReferenceBackend();
    const q = await backend.upload(floatWeight([1, 64], new Float32Array(64)).source);
    expect(() => backend.attention(q, { layer: 7 }, batch, options)).toThrow(code('invalid-argument'));
  });
});

test('after dispose every call throws `closed`', async () => {
  const backend = createReferenceBackend();
  const uploaded = await backend.upload(table.source);
  const [layer] = backend.createKvCache({ numLayers: 1, numKvHeads: 1, headDim: 2, numBlocks: 1, blockSize: 1 });
  const { options } = randomAttention('closed');
  const linear = { weight: uploaded };
  const batch = idsOnly([0]);
  await backend.dispose();

  const closed = code('closed');
  const calls: ((backend: Backend) => unknown)[] = [
    (b) => b.createKvCache({ numLayers: 1, numKvHeads: 1, headDim: 2, numBlocks: 1, blockSize: 1 }),
    (b) => b.scope(() => 0),
    (b) => b.embed(uploaded, batch),
    (b) =>
      b.attentionInputs(
        uploaded,
        { norm: uploaded, query: linear, key: linear, value: linear },
        layer!,
        batch,
        options,
      ),
    (b) => b.attention(uploaded, layer!, batch, options),
    (b) => b.addLinear(uploaded, uploaded, linear),
    (b) => b.gatedLinear(uploaded, { norm: uploaded, gate: linear, up: linear }, 1e-5),
    (b) => b.logits(uploaded, uploaded, 1e-5, linear, Int32Array.of(0)),
  ];
  for (const call of calls) expect(() => call(backend)).toThrow(closed);
  await expect(backend.upload(table.source)).rejects.toThrow(closed);
  await expect(backend.read(uploaded)).rejects.toThrow(closed);
});
