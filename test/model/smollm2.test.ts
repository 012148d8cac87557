import { expect, test } from 'vitest';
import { loadEngine } from '../../src/load.ts';
import { goldenFormat, goldenInputs, type GoldenName } from '../golden/golden-data.ts';
import { flipsOf, gapsOf, teacherForced } from '../golden/judge.ts';
import { describeWithInputs } from '../support/inputs.ts';

// A few prompts; `npm run test:golden` runs them all, with the distances and the perplexities.
const freeSteps = 16;
const referenceSteps = 4;

const formats: readonly { readonly name: GoldenName; readonly gap: number; readonly prompts: readonly string[] }[] = [
  { name: 'Q8_0', gap: 0.5, prompts: ['france', 'chat-hello', 'emoji'] },
  { name: 'Q4_0', gap: 0.5, prompts: ['france', 'chat-markup'] },
  { name: 'Q4_1', gap: 0.5, prompts: ['single', 'chat-math'] },
  { name: 'F16', gap: 0.02, prompts: ['france'] },
  { name: 'folder', gap: 0.02, prompts: ['chat-hello'] },
];

for (const { name, gap, prompts } of formats) {
  describeWithInputs(`SmolLM2 ${name}`, goldenInputs(name), () => {
    const { path, cases } = goldenFormat(name);

    test('prefers the exact tokens wherever they win clearly, and says them up to the first that do not', async () => {
      await using engine = await loadEngine(path, { contextLength: 256, threads: 2 });
      for (const id of prompts) {
        const golden = cases[id]!;
        const flips = flipsOf(await teacherForced(engine, golden), { ...golden, gaps: gapsOf(golden) });
        expect(flips.filter((flip) => flip.gap > gap)).toEqual([]);

        const agreed = Math.min(freeSteps, flips[0]?.step ?? Infinity);
        const options = { temperature: 0, maxTokens: agreed, ignoreEos: true };
        const { tokenIds } = await engine.generate(golden.prompt, options).result();
        expect(tokenIds).toEqual(golden.continuation.slice(0, agreed));
      }
    });
  });
}

describeWithInputs('SmolLM2 on the reference backend', goldenInputs('Q8_0'), () => {
  test('says the exact tokens', async () => {
    const { path, cases } = goldenFormat('Q8_0');
    const { prompt, continuation } = cases['france']!;
    await using engine = await loadEngine(path, { backend: 'reference', contextLength: 64 });
    const { tokenIds } = await engine
      .generate(prompt, { temperature: 0, maxTokens: referenceSteps, ignoreEos: true })
      .result();
    expect(tokenIds).toEqual(continuation.slice(0, referenceSteps));
  });
});
