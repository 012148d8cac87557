import { expect, test } from 'vitest';
import { trialBench } from '../../../../src/backend/webgpu/autotune/trial-bench.ts';
import { kindOf } from '../../../../src/backend/webgpu/kernels/product-kind.ts';
import type { ProductSpec } from '../../../../src/backend/webgpu/kernels/product.ts';
import { tuningOf } from '../../../../src/backend/webgpu/kernels/tuning.ts';
import { Random, randomWeight } from '../../support/random.ts';
import { describeWithGpu } from '../support/open-gpu.ts';
import { uploaded } from '../support/weights.ts';

describeWithGpu('a trial', (gpu) => {
  test('runs on the weights of every layer, and a kernel that does not compile is no harm', async () => {
    const { device, facts } = gpu();
    const random = new Random('trials');
    const layers = await Promise.all([1, 2].map(() => uploaded(gpu(), randomWeight(random, 'f16', [16, 64]))));
    const products = layers.map((matrix): ProductSpec => ({ form: 'add', matrices: [matrix] }));
    const kind = { name: kindOf(products[0]!), products, bytes: 0, hasManyRows: true };
    const create = device.createShaderModule.bind(device);
    device.createShaderModule = (given) =>
      create({ ...given, code: given.code.replace('const WORKGROUP = 128u;', 'const WORKGROUP = nothing;') });
    const bench = trialBench({ device, facts });
    const start = (workgroup: number, tokens = 1) => bench.start(kind, { ...tuningOf(facts), workgroup }, tokens);

    const good = await start(64);
    const again = await start(64);
    expect(good!.bits).toHaveLength(16);
    expect(good!.bits.some((word) => word !== 0)).toBe(true);
    expect(again!.bits).toEqual(good!.bits);
    expect(await start(128)).toBeUndefined();
    expect(await good!.time(3)).toBeGreaterThan(0);
    for (const trial of [good, again]) trial!.end();
    expect(gpu().health.failure).toBeUndefined();
  });
});
