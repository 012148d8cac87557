import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadEngine } from '../../src/load.ts';
import { flipsOf, teacherForced } from '../golden/judge.ts';
import { gpuMissing } from '../backend/webgpu/support/open-gpu.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';

interface DemoCase {
  readonly prompt: string;
  readonly ids: readonly number[];
  readonly continuation: readonly number[];
  readonly gaps: readonly number[];
}

const golden = sharedPath('reference/demo/greedy.json');
const models = ['demo.gguf', 'demo-hf'] as const;

describeWithInputs('the demo model', [golden, ...models.map((name) => sharedPath(`models/${name}`))], () => {
  const cases = JSON.parse(readFileSync(golden, 'utf8')) as Record<(typeof models)[number], DemoCase[]>;

  test.each(
    models.flatMap((name) => [
      { name, backend: 'reference', gap: 0.002, prompts: Infinity } as const,
      { name, backend: 'wasm', gap: 0.2, prompts: Infinity } as const,
      // A GPU in software takes seconds for a prompt; the golden sweep has all of them.
      ...(gpuMissing === undefined ? [{ name, backend: 'webgpu', gap: 0.2, prompts: 1 } as const] : []),
    ]),
  )(
    '$name on $backend prefers the exact tokens wherever they win by more than $gap',
    async ({ name, backend, gap, prompts }) => {
      await using engine = await loadEngine(sharedPath(`models/${name}`), { backend, threads: 1 });
      for (const { prompt, ids, continuation, gaps } of cases[name].slice(0, prompts)) {
        expect(engine.tokenizer.encode(prompt, { parseSpecial: true })).toEqual(ids);
        const flips = flipsOf(await teacherForced(engine, { prompt: ids, continuation }), { continuation, gaps });
        expect(flips.filter((flip) => flip.gap > gap)).toEqual([]);
      }
    },
  );
});
