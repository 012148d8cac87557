import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { requireDawn } from '../../src/backend/webgpu/dawn.node.ts';
import { isSoftware } from '../../src/backend/webgpu/adapter-info.ts';
import { loadEngine } from '../../src/load.ts';
import { describeWithGpu, gpuMissing } from '../backend/webgpu/support/open-gpu.ts';
import { relativeRms } from '../backend/support/compare.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';
import { goldenFormat, goldenInputs } from './golden-data.ts';
import { flipsOf, gapsOf, teacherForced } from './judge.ts';

// A device in software takes seconds for a token: it shows that kernels are right, on a few of them.
const isSlow = gpuMissing === undefined && isSoftware((await (await requireDawn()).gpu.requestAdapter())?.info);
const STEPS = isSlow ? 8 : 64;
const PROMPTS = isSlow ? 2 : Infinity;
const GAP = 0.5;

const tiny = (file: string): string => sharedPath(`reference/tiny/${file}`);
const models = ['llama', 'multi-head', 'one-kv-head', 'wide-head', 'tied', 'qwen2', 'qwen3', 'mistral-window'].concat([
  'rope-linear',
  'rope-llama3',
  'rope-yarn',
  'kquant',
]);

describeWithInputs('tiny models on WebGPU', [tiny('llama/model.gguf')], () => {
  describeWithGpu('in every way of being different', () => {
    test.each(models)('%s has the exact logits', { timeout: 120_000 }, async (name) => {
      const ids = JSON.parse(readFileSync(tiny(`${name}/ids.json`), 'utf8')) as number[];
      const bytes = readFileSync(tiny(`${name}/logits.f32`));
      const exact = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      const path = existsSync(tiny(`${name}/model.gguf`)) ? tiny(`${name}/model.gguf`) : tiny(`${name}/hf`);
      await using engine = await loadEngine(path, { backend: 'webgpu', contextLength: 256 });
      const actual: number[] = [];
      for await (const chunk of engine.logits(ids)) actual.push(...chunk);
      expect(relativeRms(actual, exact)).toBeLessThanOrEqual(name === 'kquant' ? 0.05 : 1e-3);
    });
  });
});

interface DemoCase {
  readonly ids: readonly number[];
  readonly continuation: readonly number[];
  readonly gaps: readonly number[];
}

describeWithInputs('the demo model on WebGPU', [sharedPath('reference/demo/greedy.json')], () => {
  describeWithGpu('token by token', () => {
    test('prefers the exact tokens wherever they win by more than 0.2', { timeout: 300_000 }, async () => {
      const path = sharedPath('reference/demo/greedy.json');
      const cases = (JSON.parse(readFileSync(path, 'utf8')) as { readonly 'demo.gguf': readonly DemoCase[] })[
        'demo.gguf'
      ];
      await using engine = await loadEngine(sharedPath('models/demo.gguf'), { backend: 'webgpu' });
      for (const { ids, continuation, gaps } of cases) {
        const flips = flipsOf(await teacherForced(engine, { prompt: ids, continuation }), { continuation, gaps });
        expect(flips.filter(({ gap }) => gap > 0.2)).toEqual([]);
      }
    });
  });
});

for (const name of ['Q8_0', 'Q4_0'] as const) {
  describeWithInputs(`SmolLM2 ${name} on WebGPU`, goldenInputs(name), () => {
    describeWithGpu('token by token', () => {
      const format = goldenFormat(name);
      const prompts = Object.entries(format.cases)
        .toSorted(([, a], [, b]) => a.prompt.length - b.prompt.length)
        .slice(0, PROMPTS);
      test(`prefers the exact tokens wherever they win by more than ${GAP}`, { timeout: 600_000 }, async () => {
        await using engine = await loadEngine(format.path, { backend: 'webgpu', contextLength: 1024 });
        for (const [id, { prompt, continuation, top }] of prompts) {
          const judged = { continuation: continuation.slice(0, STEPS), gaps: gapsOf({ top }).slice(0, STEPS) };
          const flips = flipsOf(await teacherForced(engine, { prompt, continuation: judged.continuation }), judged);
          expect({ id, flips: flips.filter(({ gap }) => gap > GAP) }).toEqual({ id, flips: [] });
        }
        // Free running, the first step that differs has to be such a tie.
        const [, { prompt, continuation, top }] = prompts[0]!;
        const { tokenIds } = await engine
          .generate(prompt, { temperature: 0, maxTokens: STEPS, ignoreEos: true })
          .result();
        const first = tokenIds.findIndex((token, step) => token !== continuation[step]);
        if (first >= 0) expect(gapsOf({ top })[first]).toBeLessThanOrEqual(GAP);
      });
    });
  });
}
