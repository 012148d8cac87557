import { describe, expect, test } from 'vitest';
import type { DType } from '../../../../src/dtype/index.ts';
import type { Gpu } from '../../../../src/backend/webgpu/gpu.ts';
import { Product, type ProductSpec } from '../../../../src/backend/webgpu/kernels/product.ts';
import { type Tuning, tuningOf } from '../../../../src/backend/webgpu/kernels/tuning.ts';
import { mergeBest } from '../../../../src/backend/webgpu/kernels/best-merge.ts';
import { best } from '../../../../src/backend/reference/kernels/best.ts';
import type { GpuTensor } from '../../../../src/backend/webgpu/gpu-tensor.ts';
import { gpuFormats } from '../../../../src/backend/webgpu/weight.ts';
import { expectSameBits, relativeRms } from '../../support/compare.ts';
import { linear, rmsNorm, type Row } from '../../support/oracle.ts';
import {
  floatWeight,
  Random,
  randomBias,
  randomNorm,
  randomWeight,
  type TestWeight,
  weightOf,
} from '../../support/random.ts';
import { bufferOf, describeWithGpu, readBack } from '../support/open-gpu.ts';
import { poisoned, uploaded } from '../support/weights.ts';

const EPS = 1e-5;
/** Rows as vectors alone and in company, and as tiles. */
const COMPANIES = [1, 3, 5, 19] as const;
const ALL = Math.max(...COMPANIES);

interface Case {
  readonly matrices: readonly TestWeight[];
  readonly x: Float32Array<ArrayBuffer>;
  readonly bias?: TestWeight;
  readonly norm?: TestWeight;
  readonly form: ProductSpec['form'];
  /** What `add` adds to. */
  readonly before: Float32Array<ArrayBuffer>;
}

function randomCase(
  dtypes: readonly DType[],
  inputs: number,
  rows: readonly number[],
  form: Case['form'] = 'store',
  parts = '',
): Case {
  const random = new Random(`${dtypes.join()} ${inputs} ${rows.join()} ${form} ${parts}`);
  const outputs = form === 'gated' ? rows[0]! : rows.reduce((a, b) => a + b, 0);
  return {
    matrices: dtypes.map((dtype, i) => randomWeight(random, dtype, [rows[i]!, inputs])),
    x: random.floats(ALL * inputs, 2) as Float32Array<ArrayBuffer>,
    ...(parts.includes('bias')
      ? {
          bias: randomBias(
            random,
            rows.reduce((a, b) => a + b, 0),
          ),
        }
      : {}),
    ...(parts.includes('norm') ? { norm: randomNorm(random, inputs) } : {}),
    form,
    before: random.floats(ALL * outputs) as Float32Array<ArrayBuffer>,
  };
}

/** In float64, without what `add` adds to. */
function expectedRow({ matrices, x, bias, norm, form }: Case, t: number): Row {
  const inputs = matrices[0]!.shape[1]!;
  const row = [...x.subarray(t * inputs, (t + 1) * inputs)];
  const given = norm ? rmsNorm(row, norm, EPS) : row;
  const products = matrices.map((weight) => linear(given, { weight }));
  const all = products.flat().map((value, i) => value + (bias ? bias.values[i]! : 0));
  if (form !== 'gated') return all;
  const [gate, up] = [all.slice(0, all.length / 2), all.slice(all.length / 2)];
  return gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
}

async function productOf(gpu: Gpu, tuning: Tuning, given: Case, shardBytes?: number): Promise<Product> {
  return new Product(gpu, tuning, {
    matrices: await Promise.all(given.matrices.map((weight) => uploaded(gpu, weight, shardBytes))),
    bias: given.bias && bufferOf(gpu, given.bias.values as Float32Array<ArrayBuffer>),
    norm: given.norm && { weight: bufferOf(gpu, given.norm.values as Float32Array<ArrayBuffer>), eps: EPS },
    form: given.form,
  });
}

/** Rows [first, first + tokens) of the case, without what `add` adds to. */
async function run(gpu: Gpu, product: Product, given: Case, first: number, tokens: number): Promise<Float32Array> {
  const inputs = given.matrices[0]!.shape[1]!;
  const { outputs } = product;
  const before = given.before.slice(first * outputs, (first + tokens) * outputs);
  const x = bufferOf(gpu, given.x.slice(first * inputs, (first + tokens) * inputs));
  const y = given.form === 'add' ? bufferOf(gpu, before) : poisoned(gpu, tokens * outputs);
  gpu.activations.open();
  product.run(x, tokens, y);
  gpu.activations.close();
  return readBack(gpu, y, tokens * outputs);
}

/** The numbers are right, and have the same bits whatever rows stand beside them. */
async function expectProduct(gpu: Gpu, tuning: Tuning, given: Case, tolerance: number, shardBytes?: number) {
  const product = await productOf(gpu, tuning, given, shardBytes);
  const { outputs } = product;
  const whole = await run(gpu, product, given, 0, ALL);
  const change = given.form === 'add' ? whole.map((value, i) => value - given.before[i]!) : whole;
  for (let t = 0; t < ALL; t++) {
    const row = change.slice(t * outputs, (t + 1) * outputs);
    expect(relativeRms(row, expectedRow(given, t)), `row ${t}`).toBeLessThanOrEqual(tolerance);
  }
  for (const tokens of COMPANIES) {
    const some = await run(gpu, product, given, ALL - tokens, tokens);
    expectSameBits(some, whole.slice((ALL - tokens) * outputs));
  }
}

const FLOATS: readonly string[] = ['f32', 'f16', 'bf16'];
const EXACT = 2e-6;
/** Activations of eight bits, one scale for 32 of them. */
const ROUNDED = 1.2e-2;

describeWithGpu('products', (gpu) => {
  const tuning = (change: Partial<Tuning> = {}): Tuning => ({ ...tuningOf(gpu().facts), maxVectors: 16, ...change });

  describe.each(gpuFormats)('with weights in %s', (format) => {
    const isFloat = FLOATS.includes(format);

    test('are those of float64, and a row’s bits do not depend on its company', async () => {
      await expectProduct(gpu(), tuning(), randomCase([format], 768, [37]), isFloat ? EXACT : ROUNDED);
    });

    test.skipIf(isFloat)('are exact where activations stay f32', async () => {
      await expectProduct(
        gpu(),
        tuning({ int8: false, maxVectors: 32 }),
        randomCase([format], 256, [21], 'add', 'bias'),
        EXACT,
      );
    });
  });

  test('are normed before, and biased behind', async () => {
    await expectProduct(gpu(), tuning(), randomCase(['q8_0'], 576, [37], 'add', 'norm bias'), ROUNDED);
  });

  test('of long rows, in pairs of blocks', async () => {
    await expectProduct(gpu(), tuning(), randomCase(['q4_0'], 4096, [9], 'store', 'norm'), ROUNDED);
  });

  test('of rows that are too long for every workgroup to prepare', async () => {
    await expectProduct(gpu(), tuning({ int8: false }), randomCase(['f16'], 5632, [9], 'add'), EXACT);
  });

  test('of rows that end within a block', async () => {
    await expectProduct(gpu(), tuning(), randomCase(['f32'], 40, [7], 'store', 'norm'), EXACT);
    await expectProduct(gpu(), tuning(), randomCase(['bf16'], 4, [1]), EXACT);
  });

  test('of three matrices side by side, each with a format of its own', async () => {
    await expectProduct(
      gpu(),
      tuning(),
      randomCase(['q4_k', 'q4_k', 'q6_k'], 256, [40, 9, 24], 'store', 'norm bias'),
      ROUNDED,
    );
    await expectProduct(gpu(), tuning(), randomCase(['q8_0', 'f16', 'f32'], 256, [16, 8, 8]), EXACT);
  });

  test('silu of one gates another', async () => {
    await expectProduct(
      gpu(),
      tuning(),
      randomCase(['q4_0', 'q8_0'], 256, [37, 37], 'gated', 'norm bias'),
      2 * ROUNDED,
    );
    await expectProduct(gpu(), tuning(), randomCase(['f16', 'f16'], 64, [24, 24], 'gated'), 2 * EXACT);
  });

  test('with weights in several buffers', async () => {
    const bytes = 8 * 256 * 4;
    await expectProduct(gpu(), tuning(), randomCase(['f32'], 256, [37], 'add', 'norm bias'), EXACT, bytes);
    await expectProduct(
      gpu(),
      tuning(),
      randomCase(['f32', 'f32', 'f32'], 256, [21, 16, 9], 'store', 'bias'),
      EXACT,
      bytes,
    );
    await expectProduct(gpu(), tuning(), randomCase(['f32', 'f32'], 256, [21, 21], 'gated', 'bias'), 2 * EXACT, bytes);
  });

  test('have the same bits however a device’s kernels are cut', async () => {
    const given = randomCase(['q4_0'], 128, [37], 'store', 'norm');
    const usual = await run(gpu(), await productOf(gpu(), tuning({ subgroup: 1 }), given), given, 0, ALL);
    const cuts: readonly Partial<Tuning>[] = [
      { workgroup: 256, wantedWorkgroups: 1, maxRows: 4 },
      { subgroup: 4, workgroup: 32 },
      { micro: [4, 4] },
    ];
    for (const cut of cuts) {
      const product = await productOf(gpu(), tuning({ subgroup: 1, ...cut }), given);
      for (const tokens of [1, 4, ALL]) {
        const some = await run(gpu(), product, given, 0, tokens);
        expectSameBits(some, usual.slice(0, some.length));
      }
    }
  });

  test('of chosen rows', async () => {
    const given = randomCase(['q8_0'], 64, [21], 'store', 'norm');
    const product = await productOf(gpu(), tuning(), given);
    const whole = await run(gpu(), product, given, 0, ALL);
    const y = poisoned(gpu(), 2 * 21);
    gpu().activations.open();
    product.run(bufferOf(gpu(), given.x), 2, y, bufferOf(gpu(), Uint32Array.of(17, 3)));
    gpu().activations.close();
    const chosen = await readBack(gpu(), y, 2 * 21);
    expectSameBits(chosen, Float32Array.of(...whole.slice(17 * 21, 18 * 21), ...whole.slice(3 * 21, 4 * 21)));
  });

  describe('whose largest output is wanted', () => {
    const ROWS = 301;
    const LIMIT = 290;

    /** Two rows after each other are equal; one has no number; the largest is beyond the limit. */
    function tiedCase(special: number): Case {
      const given = randomCase(['f32'], 64, [ROWS]);
      const values = Float32Array.from(given.matrices[0]!.values);
      for (let row = 1; row < ROWS; row += 2) values.copyWithin(row * 64, (row - 1) * 64, row * 64);
      values.fill(1e6, LIMIT * 64);
      values.fill(special, 200 * 64, 201 * 64);
      return { ...given, matrices: [floatWeight([ROWS, 64], values)] };
    }

    async function expectBest(given: Case, change: Partial<Tuning>, shardBytes?: number): Promise<void> {
      const usual = await productOf(gpu(), tuning(change), given, shardBytes);
      const matrices = await Promise.all(given.matrices.map((weight) => uploaded(gpu(), weight, shardBytes)));
      const product = new Product(gpu(), tuning(change), { matrices, form: 'store', bestLimit: LIMIT });
      for (const tokens of [1, 3, 7]) {
        const x = bufferOf(gpu(), given.x.slice(0, tokens * 64));
        const y: GpuTensor = {
          ...{ dtype: 'f32', shape: [tokens, ROWS], gpu: gpu(), isOver: false },
          buffer: poisoned(gpu(), tokens * ROWS),
        };
        const found = { ...y, shape: [tokens, 2], buffer: poisoned(gpu(), 2 * tokens) };
        gpu().activations.open();
        mergeBest(gpu(), y, product.run(x, tokens, y.buffer)!, found);
        gpu().activations.close();
        const logits = await readBack(gpu(), y.buffer, tokens * ROWS);
        expectSameBits(logits, await run(gpu(), usual, given, 0, tokens));
        expectSameBits(await readBack(gpu(), found.buffer, 2 * tokens), best(logits, ROWS, 1, LIMIT));
      }
    }

    test('have it beside them, of equals the first, however kernels are cut', async () => {
      await expectBest(tiedCase(0), {});
      await expectBest(tiedCase(0), { subgroup: 1, workgroup: 128, maxRows: 4, wantedWorkgroups: 1 });
      await expectBest(tiedCase(0), {}, 8192);
    });

    test('have a NaN before every number', async () => {
      await expectBest(tiedCase(Number.NaN), {});
    });

    test('leave it to others where rows are many', async () => {
      const given = randomCase(['f32'], 32, [8]);
      const matrices = await Promise.all(given.matrices.map((weight) => uploaded(gpu(), weight)));
      const product = new Product(gpu(), tuning({ maxVectors: 2 }), { matrices, form: 'store', bestLimit: 8 });
      const y = poisoned(gpu(), 3 * 8);
      gpu().activations.open();
      expect(product.run(bufferOf(gpu(), given.x), 3, y)).toBeUndefined();
      gpu().activations.close();
    });
  });

  test('of no rows are nothing', async () => {
    const given = randomCase(['f32'], 32, [4]);
    const product = await productOf(gpu(), tuning(), given);
    const y = bufferOf(gpu(), Float32Array.of(5));
    product.run(y, 0, y);
    expect([...(await readBack(gpu(), y, 1))]).toEqual([5]);
  });

  test('of zeros, of blocks without a scale and of the least byte are exact', async () => {
    const bytes = new Uint8Array(34 * 3);
    bytes.set([0, 0x3c, ...Array.from({ length: 32 }, () => 0x80)], 34); // scale 1, all -128; the blocks beside it have scale 0
    const weight = weightOf('q8_0', [3, 32], bytes);
    const x = new Float32Array(ALL * 32).fill(0);
    x.fill(1, 32, 64);
    const given: Case = { matrices: [weight], x, form: 'store', before: new Float32Array(0) };
    const product = await productOf(gpu(), tuning(), given);
    for (const [first, expected] of [
      [0, 0],
      [1, -128 * 32],
    ] as const) {
      const actual = await run(gpu(), product, given, first, 1);
      expect([...actual].map((value) => value + 0)).toEqual([0, expected, 0]);
    }
  });

  test('of numbers from tiny to huge keep their size', async () => {
    for (const size of [1e-30, 1e-12, 1e12, 1e30]) {
      const random = new Random(`size ${size}`);
      const given: Case = {
        matrices: [randomWeight(random, 'q8_0', [16, 64])],
        x: random.floats(ALL * 64, size) as Float32Array<ArrayBuffer>,
        form: 'store',
        before: new Float32Array(0),
      };
      const actual = await run(gpu(), await productOf(gpu(), tuning(), given), given, 0, 1);
      expect(relativeRms(actual, expectedRow(given, 0))).toBeLessThanOrEqual(ROUNDED);
    }
  });
});
