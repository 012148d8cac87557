// Every shader in every variant through the compiler, without a GPU; and the rules that no compiler knows.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DType } from '../../../src/dtype/index.ts';
import type { KvDType } from '../../../src/backend/backend.ts';
import type { DeviceFacts } from '../../../src/backend/webgpu/device-facts.ts';
import { openDawn } from '../../../src/backend/webgpu/dawn.node.ts';
import { declaredBindings } from '../../../src/backend/webgpu/kernel.ts';
import { WebgpuBackend } from '../../../src/backend/webgpu/webgpu-backend.ts';
import { gpuFormats } from '../../../src/backend/webgpu/weight.ts';
import { AttentionRun, randomAttention } from '../support/attention-case.ts';
import { upTo } from '../support/batches.ts';
import { floatWeight, Random, randomBias, randomNorm, randomWeight } from '../support/random.ts';
import { rowsFrom, uploadLinear } from '../support/run.ts';
import { nullDevice, recordShaders } from './support/null-device.ts';

const folder = resolve(import.meta.dirname, '../../../shaders');
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.wgsl'))
  .map((name) => name.split(sep).join('/'));
const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8');
const entries = files.filter((name) => textOf(name).includes('@compute')).map((name) => name.replace(/\.wgsl$/, ''));

/** Devices as they are out there, as far as variants depend on it. */
const kinds: readonly (readonly [name: string, facts: Partial<DeviceFacts>])[] = [
  ['NVIDIA', { vendor: 'nvidia', isFallback: false, subgroupMinSize: 32, subgroupMaxSize: 32, hasDot4: true }],
  ['AMD', { vendor: 'amd', isFallback: false, subgroupMinSize: 32, subgroupMaxSize: 64, hasDot4: true }],
  ['Intel', { vendor: 'intel', isFallback: false, subgroupMinSize: 8, subgroupMaxSize: 32, hasDot4: true }],
  ['Apple', { vendor: 'apple', isFallback: false, subgroupMinSize: 32, subgroupMaxSize: 32, hasDot4: true }],
  ['unknown', { vendor: '', isFallback: false, subgroupMinSize: 1, subgroupMaxSize: 1, hasDot4: false }],
  ['software', { vendor: 'google', isFallback: true, subgroupMinSize: 4, subgroupMaxSize: 4, hasDot4: true }],
];

const isThere = !('missing' in (await openDawn()));
if (!isThere) {
  if (process.env['REQUIRE_MODELS'] === '1') throw new Error('REQUIRE_MODELS=1, but the package webgpu is missing');
  console.warn('skipped: shaders: the package webgpu is missing');
}

describe.skipIf(!isThere)('shaders', () => {
  const variants = new Map<string, Set<string>>();

  describe.each(kinds)('on a GPU of kind %s', (_, facts) => {
    let backend: WebgpuBackend;
    let texts: ReadonlyMap<string, ReadonlySet<string>>;
    beforeAll(async () => {
      const opened = await nullDevice(facts);
      texts = recordShaders(opened.device);
      backend = new WebgpuBackend({ opened, selfCheck: false });
    });
    afterAll(async () => {
      for (const [name, codes] of texts) variants.set(name, new Set([...(variants.get(name) ?? []), ...codes]));
      await backend.dispose();
    });

    test.each(gpuFormats)('weights in %s: every op compiles', { timeout: 60_000 }, async (dtype) => {
      await attention(backend, dtype, 'f16', {});
      await products(backend, dtype, 256);
      await backend.gpu.health.settled();
    });

    test('all kinds of attention compile', { timeout: 60_000 }, async () => {
      for (const kv of ['f16', 'f32'] as const) {
        await attention(backend, 'f16', kv, { headDim: 128, numHeads: 8, numKvHeads: 1, headNorms: true });
        await attention(backend, 'f16', kv, { headDim: 64, slidingWindow: 100, rope: { pairing: 'interleaved' } });
        await attention(backend, 'f16', kv, { headDim: 20, bias: true, headNorms: true });
        await attention(backend, 'f16', kv, { headDim: 80, numHeads: 3, numKvHeads: 3, rope: { dimensions: 0 } });
      }
      const pool = { blockSize: 32, numSequences: 1, blocksPerSequence: 128 };
      const run = await AttentionRun.open(backend, randomAttention('late', { headDim: 64, pool }));
      for (const start of [1000, 4000]) await run.step([{ sequence: 0, start, ids: [1] }]);
      for (const inputs of [38, 40]) await products(backend, 'f32', inputs);
      await backend.gpu.health.settled();
    });
  });

  test('no shader is left that nobody compiled', () => {
    expect(entries.filter((name) => !variants.has(name))).toEqual(['fill']);
  });

  test('no variant needs more than every device has', () => {
    for (const [name, codes] of variants) {
      for (const code of codes) {
        const storage = declaredBindings(code).filter(({ type }) => type !== 'uniform');
        expect(storage.length, `${name}: storage buffers`).toBeLessThanOrEqual(8);
        expect(declaredBindings(code).length, `${name}: each @binding is understood`).toBe(
          code.match(/@binding/g)?.length,
        );
      }
    }
  });
});

/** Uploads on a device that computes nothing, runs and reads nothing. */
async function attention(
  backend: WebgpuBackend,
  dtype: DType,
  kvDType: KvDType,
  spec: Parameters<typeof randomAttention>[1],
): Promise<void> {
  const given = randomAttention('compiled', { hidden: 256, dtypes: [dtype, dtype, dtype], kvDType, ...spec });
  const run = await AttentionRun.open(backend, given);
  await run.step([{ sequence: 0, start: 0, ids: upTo(20) }]);
  await run.step([0, 1, 2].map((sequence) => ({ sequence, start: 20, ids: [sequence] })));
  for (const start of [21, 70]) await run.step([{ sequence: 0, start, ids: [1] }]);
}

async function products(backend: WebgpuBackend, dtype: DType, inputs: number): Promise<void> {
  const random = new Random('compiled');
  const outputs = 64;
  const states = await backend.upload(floatWeight([24, inputs], random.floats(24 * inputs)).source);
  const sums = await backend.upload(floatWeight([24, outputs], random.floats(24 * outputs)).source);
  const norm = await backend.upload(randomNorm(random, inputs).source);
  for (const bias of [undefined, randomBias(random, outputs)]) {
    const linear = await uploadLinear(backend, { weight: randomWeight(random, dtype, [outputs, inputs]), bias });
    for (const tokens of [1, 3, 24]) {
      await backend.scope(() => {
        const x = rowsFrom(backend, states, upTo(tokens));
        backend.addLinear(rowsFrom(backend, sums, upTo(tokens)), x, linear);
        backend.gatedLinear(x, { norm, gate: linear, up: linear }, 1e-5);
        const rows = Int32Array.from(upTo(tokens));
        backend.best(backend.logits(x, norm, 1e-5, linear, rows), 3, outputs);
        const bestOf = { count: 1, limit: outputs };
        const best = backend.best(backend.logits(x, norm, 1e-5, linear, rows, bestOf), 1, outputs);
        const batch = { ...batchOfOne(), chosen: { best, rows: Int32Array.from([0]) } };
        return backend.read(backend.embed(states, batch));
      });
    }
  }
}

const batchOfOne = () => ({
  tokenIds: Int32Array.from([0]),
  positions: Int32Array.from([0]),
  slotMapping: Int32Array.from([0]),
  sequenceOf: Int32Array.from([0]),
  blockTable: Int32Array.from([0]),
  blocksPerSequence: 1,
  blockSize: 1,
  outputRows: Int32Array.from([0]),
});

describe('the rules of shaders/', () => {
  test.each(files)('%s', (name) => {
    const code = textOf(name).replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '');
    // Some compilers do not clear a variable again in every round of a loop.
    const uninitialised = code.match(/\bvar\s+\w+\s*(?::[^=;{]+)?;/g) ?? [];
    expect(uninitialised, 'every var has an initial value').toEqual([]);
    // Half of all devices refuse it.
    if (!/_f16|_sgmat/.test(name)) expect(code).not.toMatch(/enable\s+f16/);
    // A buffer that is bound for writing is waited for, although nobody writes.
    if (name !== 'repack.wgsl') expect(code).not.toMatch(/var<storage,\s*read_write>\s*(?:weight|w\d)\b/);
    expect(code).not.toMatch(/var<storage>/);
    const size = /@workgroup_size\((\d+)\)/.exec(code)?.[1];
    if (size !== undefined) expect(Number(size)).toBeLessThanOrEqual(256);
  });
});
