import { expect, test } from 'vitest';
import {
  type Cut,
  cutOf,
  type CutSpace,
  neighbours,
  tileCuts,
  vectorCuts,
} from '../../../../src/backend/webgpu/autotune/cuts.ts';
import { trialBench } from '../../../../src/backend/webgpu/autotune/trial-bench.ts';
import { Gpu } from '../../../../src/backend/webgpu/gpu.ts';
import { kindOf } from '../../../../src/backend/webgpu/kernels/product-kind.ts';
import { Product, type ProductSpec } from '../../../../src/backend/webgpu/kernels/product.ts';
import { type Tuning, tuningOf } from '../../../../src/backend/webgpu/kernels/tuning.ts';
import type { DType } from '../../../../src/dtype/index.ts';
import { expectSameBits } from '../../support/compare.ts';
import { Random, randomNorm, randomWeight } from '../../support/random.ts';
import { bufferOf, describeWithGpu, readBack } from '../support/open-gpu.ts';
import { nullDevice } from '../support/null-device.ts';
import { poisoned, uploaded } from '../support/weights.ts';
import { someGpu, someKind, someTuning } from './support/fake-bench.ts';

/** Every cut that a search may come to. */
function allCuts({ sizes, isPossible }: CutSpace): readonly Cut[] {
  let cuts: Cut[] = [{}];
  for (const [name, values] of Object.entries(sizes)) {
    cuts = cuts.flatMap((cut) => values.map((value) => ({ ...cut, [name]: value })));
  }
  return cuts.filter(isPossible);
}

test('the usual cut is what the table comes to, and is one of those that may be kept', () => {
  const space = vectorCuts(someTuning, someGpu, someKind(2048, 32000));
  expect(space.usual).toEqual({ rows: 4, workgroup: 128, shuffle: 1 });
  expect(cutOf(space, { rows: 4, workgroup: 128, shuffle: 1 })).toEqual(space.usual);
  expect(cutOf(space, { rows: 3, workgroup: 128, shuffle: 1 })).toBeUndefined();
  expect(tileCuts(someTuning, someKind()).usual).toEqual({ rows: 4, tokens: 4 });
});

test('neighbours differ in one size, and none needs more memory than every device has', () => {
  const tiles = tileCuts(someTuning, someKind());
  expect(neighbours(tiles, tiles.usual, 'rows')).toEqual([
    { rows: 4, tokens: 4 },
    { rows: 2, tokens: 4 },
    { rows: 8, tokens: 4 },
  ]);
  const floats = tileCuts({ ...someTuning, int8: false }, someKind());
  expect(allCuts(floats).map(({ rows }) => rows)).not.toContain(8);
  const small = { ...someGpu, limits: { maxComputeInvocationsPerWorkgroup: 128 } as GPUSupportedLimits };
  const vectors = vectorCuts({ ...someTuning, subgroup: 1 }, small, someKind());
  for (const { workgroup, shuffle } of allCuts(vectors)) expect([workgroup! <= 128, shuffle]).toEqual([true, 0]);
});

describeWithGpu('cuts on devices that are not here', () => {
  test.each([
    { vendor: 'nvidia', subgroupMinSize: 32, subgroupMaxSize: 32, hasDot4: true },
    { vendor: 'apple', subgroupMinSize: 32, subgroupMaxSize: 32, hasDot4: true },
    { vendor: 'intel', subgroupMinSize: 8, subgroupMaxSize: 32, hasDot4: true },
  ])('all compile: $vendor', { timeout: 60_000 }, async (known) => {
    const opened = await nullDevice({ ...known, isFallback: false });
    const own = new Gpu(opened.device, opened.facts);
    const bench = trialBench(opened);
    const tuning = tuningOf(opened.facts);
    for (const format of ['q4_0', 'q6_k', 'f16'] as const) {
      for (const [form, inputs] of [
        ['gated', 512],
        ['add', 1024],
      ] as const) {
        const weight = () => uploaded(own, randomWeight(new Random(format), format, [32, inputs]));
        const matrices = form === 'gated' ? [await weight(), await weight()] : [await weight()];
        const kind = { name: form, products: [{ form, matrices }], bytes: 0, hasManyRows: true };
        for (const space of [vectorCuts(tuning, opened.facts, kind), tileCuts(tuning, kind)]) {
          for (const cut of allCuts(space)) {
            const contender = await bench.start(kind, { ...tuning, ...space.tuning(cut) }, space.tokens);
            expect(contender, `${format} ${form} ${space.describe(cut)}`).toBeDefined();
            contender!.end();
          }
        }
      }
    }
    opened.device.destroy();
  });
});

describeWithGpu('cuts', (gpu) => {
  const ALL = 20;
  const forms: readonly (readonly [ProductSpec['form'], readonly DType[], number, readonly number[]])[] = [
    ['store', ['q4_0'], 64, [37]],
    ['add', ['f16'], 64, [21]],
  ];

  test.each(forms)(
    'of a product to %s: whatever is tried has the same bits',
    { timeout: 60_000 },
    async (form, dtypes, inputs, rows) => {
      const random = new Random(`cuts ${form}`);
      const norm = form === 'add' ? undefined : randomNorm(random, inputs);
      const spec: ProductSpec = {
        form,
        matrices: await Promise.all(
          dtypes.map((dtype, i) => uploaded(gpu(), randomWeight(random, dtype, [rows[i]!, inputs]))),
        ),
        ...(norm && { norm: { weight: bufferOf(gpu(), norm.values as Float32Array<ArrayBuffer>), eps: 1e-5 } }),
      };
      const kind = { name: kindOf(spec), products: [spec], bytes: 0, hasManyRows: true };
      const table: Tuning = { ...tuningOf(gpu().facts), maxVectors: 16, workgroup: 128 };
      const x = bufferOf(gpu(), random.floats(ALL * inputs) as Float32Array<ArrayBuffer>);
      const bitsOf = async (tuning: Tuning, tokens: number) => {
        const product = new Product(gpu(), tuning, spec);
        const count = tokens * product.outputs;
        const y = form === 'add' ? bufferOf(gpu(), new Float32Array(count)) : poisoned(gpu(), count);
        gpu().activations.open();
        product.run(x, tokens, y);
        gpu().activations.close();
        return readBack(gpu(), y, count);
      };
      const whole = await bitsOf(table, ALL);
      const vectors = vectorCuts(table, gpu().facts, kind);
      const tiles = tileCuts(table, kind);
      for (const [space, tokens] of [
        [vectors, 1],
        [tiles, ALL],
      ] as const) {
        for (const cut of Object.keys(space.sizes).flatMap((size) => neighbours(space, space.usual, size).slice(1))) {
          const some = await bitsOf({ ...table, ...space.tuning(cut) }, tokens);
          expectSameBits(some, whole.slice(0, some.length));
        }
      }
    },
  );
});
