import { afterEach, expect, test } from 'vitest';
import { usualLimits } from '../../../../src/backend/webgpu/autotune/budget.ts';
import { tuneProducts } from '../../../../src/backend/webgpu/autotune/tune-products.ts';
import type { TuningStore } from '../../../../src/backend/webgpu/autotune/tuning-store.ts';
import { requireDawn } from '../../../../src/backend/webgpu/dawn.node.ts';
import { openDevice } from '../../../../src/backend/webgpu/device.ts';
import type { FastOps } from '../../../../src/backend/webgpu/kernels/fast-ops.ts';
import { SelfCheck } from '../../../../src/backend/webgpu/kernels/self-check.ts';
import { tuningOf } from '../../../../src/backend/webgpu/kernels/tuning.ts';
import { Uploader } from '../../../../src/backend/webgpu/upload.ts';
import { WebgpuBackend, type WebgpuBackendOptions } from '../../../../src/backend/webgpu/webgpu-backend.ts';
import type { Engine } from '../../../../src/engine/engine.ts';
import { openCheckpoint } from '../../../../src/open-checkpoint.node.ts';
import { startEngine } from '../../../../src/start-engine.ts';
import { expectSameBits } from '../../support/compare.ts';
import { Random, randomNorm, randomWeight } from '../../support/random.ts';
import { describeWithInputs, sharedPath } from '../../../support/inputs.ts';
import { describeWithGpu, gpuMissing } from '../support/open-gpu.ts';
import { uploaded } from '../support/weights.ts';

const real = { vendor: 'nvidia', isFallback: false };
const path = sharedPath('reference/tiny/llama/model.gguf');
/** One row at a time is what the cuts of matvec are for; those of matmul are compared in cuts.test.ts. */
const prompt = [7];

describeWithInputs('tuning a model', [path], () => {
  const engines: Engine[] = [];
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
  });

  /** On a device that does not say that it is a program. */
  async function start(options: Omit<WebgpuBackendOptions, 'opened'>): Promise<Engine> {
    const backend = async () => {
      const { device, facts } = await openDevice(await requireDawn());
      return new WebgpuBackend({
        opened: { device, facts: { ...facts, ...real } },
        selfCheck: false,
        ...options,
      });
    };
    const open = () => openCheckpoint(path);
    const checkpoint = await open();
    try {
      const engine = await startEngine(checkpoint, { backend, checkpoint: open }, { contextLength: 64 });
      engines.push(engine);
      return engine;
    } finally {
      await checkpoint.close();
    }
  }

  async function logitsOf(engine: Engine): Promise<Float32Array> {
    for await (const logits of engine.logits(prompt)) return logits.slice();
    throw new Error('there were no logits');
  }

  const answerOf = async (engine: Engine) =>
    (await engine.generate(prompt, { temperature: 0, maxTokens: 4, ignoreEos: true }).result()).tokenIds;

  const originsOf = ({ backend }: Engine) => new Set(backend.tuned?.map(({ origin }) => origin));

  /** Has something unusual for every kernel but the first that it is asked for. */
  function unusual(): TuningStore {
    let asked = 0;
    const cutOf = (key: string) =>
      key.includes('matvec') ? { rows: 2, workgroup: 64, shuffle: 0 } : { rows: 4, tokens: 2 };
    return { get: async (key) => (asked++ === 0 ? undefined : cutOf(key)), put: async () => {} };
  }

  test.skipIf(gpuMissing !== undefined)(
    'says what was chosen and why, and the results are the same to the bit',
    { timeout: 120_000 },
    async () => {
      const usual = await start({ autotune: 'off' });
      const tuningLimits = { ...usualLimits, trials: 2, totalMs: Infinity };
      const tuned = await start({ autotune: 'on', tuningStore: unusual(), tuningLimits });
      expect(originsOf(usual)).toEqual(new Set(['table']));
      expect(originsOf(tuned)).toEqual(new Set(['measured', 'cache']));
      expectSameBits(await logitsOf(tuned), await logitsOf(usual));
      expect(await answerOf(tuned)).toEqual(await answerOf(usual));
    },
  );
});

describeWithGpu('a choice that was kept', (gpu) => {
  test('is not used where a driver gets it wrong', { timeout: 60_000 }, async () => {
    const { device, facts } = gpu();
    const create = device.createShaderModule.bind(device);
    device.createShaderModule = (given) =>
      create({
        ...given,
        code: given.code.includes('const ROWS = 2u;') ? given.code.replaceAll('total += ', 'total -= ') : given.code,
      });
    const random = new Random('kept');
    const head = { weight: await uploaded(gpu(), randomWeight(random, 'f16', [16, 64])) };
    const outputNorm = await new Uploader(gpu()).upload(randomNorm(random, 64).source);
    const opened = { device, facts: { ...facts, isFallback: false } };
    const warnings: string[] = [];
    const warn = (message: string) => warnings.push(message);
    const preferred: string[] = [];
    const ops = { isException: () => false, prefer: (kind: string) => preferred.push(kind) } as unknown as FastOps;
    const kernels = await tuneProducts(
      gpu(),
      ops,
      { layers: [], outputNorm, head, normEps: 1e-5 },
      {
        mode: 'on',
        opened,
        tuning: tuningOf(opened.facts),
        check: new SelfCheck(opened, warn),
        store: { get: async () => ({ rows: 2, workgroup: 128, shuffle: 0 }), put: async () => {} },
        limits: undefined,
        warn,
      },
    );
    expect(kernels).toMatchObject([{ product: 'store 64×16 f16', origin: 'table' }]);
    expect(preferred).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/^matvec for one row gives wrong results for store 64×16 f16/)]);
  });
});
