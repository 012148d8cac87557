import { expect, test } from 'vitest';
import { loadEngine } from '../../src/load.ts';
import { goldenFormat, goldenInputs, type GoldenName } from '../golden/golden-data.ts';
import { flipsOf, gapsOf, teacherForced } from '../golden/judge.ts';
import { describeWithInputs } from '../support/inputs.ts';

// A few prompts; `npm run test:golden` runs them all, in full, with the distances and the perplexities.
const prompts = ['france', 'chat-hello'];
const referenceSteps = 6;

const formats: readonly { readonly name: GoldenName; readonly gap: number }[] = [
  { name: 'Q8_0', gap: 0.5 },
  { name: 'Q4_0', gap: 0.5 },
  { name: 'Q4_1', gap: 0.5 },
  { name: 'F16', gap: 0.02 },
  { name: 'folder', gap: 0.02 },
];

for (const { name, gap } of formats) {
  describeWithInputs(`SmolLM2 ${name}`, goldenInputs(name), () => {
    const { path, cases } = goldenFormat(name);

    test('prefers the exact tokens, and says them', async () => {
      await using engine = await loadEngine(path, { contextLength: 256, threads: 2 });
      for (const id of prompts) {
        const golden = cases[id]!;
        const flips = flipsOf(await teacherForced(engine, golden), { ...golden, gaps: gapsOf(golden) });
        expect(flips.filter((flip) => flip.gap > gap)).toEqual([]);
        if (flips.length > 0) continue;
        const { text } = await engine.generate(golden.prompt, { temperature: 0, maxTokens: golden.continuation.length, ignoreEos: true }).result();
        expect(golden.text.startsWith(text.slice(0, 20))).toBe(true);
      }
    });
  });
}

describeWithInputs('SmolLM2 on the reference backend', goldenInputs('Q8_0'), () => {
  test('says the exact tokens', async () => {
    const { path, cases } = goldenFormat('Q8_0');
    const { prompt, continuation } = cases['france']!;
    await using engine = await loadEngine(path, { backend: 'reference', contextLength: 64 });
    const { tokenIds } = await engine.generate(prompt, { temperature: 0, maxTokens: referenceSteps, ignoreEos: true }).result();
    expect(tokenIds).toEqual(continuation.slice(0, referenceSteps));
  });
});
