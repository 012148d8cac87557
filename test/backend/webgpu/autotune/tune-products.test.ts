import { afterEach, expect, test } from 'vitest';
import { usualLimits } from '../../../../src/backend/webgpu/autotune/budget.ts';
import { requireDawn } from '../../../../src/backend/webgpu/dawn.node.ts';
import { createWebgpuBackend, type WebgpuOptions } from '../../../../src/backend/webgpu/open-webgpu.ts';
import type { Engine } from '../../../../src/engine/engine.ts';
import { openCheckpoint } from '../../../../src/open-checkpoint.node.ts';
import { startEngine } from '../../../../src/start-engine.ts';
import { expectSameBits } from '../../support/compare.ts';
import { describeWithInputs, sharedPath } from '../../../support/inputs.ts';
import { gpuMissing } from '../support/open-gpu.ts';

const path = sharedPath('reference/tiny/llama/model.gguf');
const prompt = Array.from({ length: 18 }, (_, i) => (i * 7) % 40);

describeWithInputs('tuning a model', [path], () => {
  const engines: Engine[] = [];
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
  });

  async function start(options: WebgpuOptions): Promise<Engine> {
    const backend = async () => createWebgpuBackend({ source: await requireDawn(), ...options });
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

  test.skipIf(gpuMissing !== undefined)(
    'says what was chosen and why, and the results are the same to the bit',
    { timeout: 120_000 },
    async () => {
      const usual = await start({ autotune: 'off' });
      const measured = await start({
        autotune: 'again',
        tuningLimits: { ...usualLimits, deviceMs: 1e6, trials: 4, totalMs: 1e6 },
      });
      const expected = [await logitsOf(usual), await answerOf(usual)] as const;
      expect(new Set(usual.backend.tuned?.map(({ origin }) => origin))).toEqual(new Set(['table']));
      expect(new Set(measured.backend.tuned?.map(({ origin }) => origin))).toContain('measured');
      expectSameBits(await logitsOf(measured), expected[0]);
      expect(await answerOf(measured)).toEqual(expected[1]);
    },
  );
});
