import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadEngine } from '../../src/load.ts';
import { flipsOf, teacherForced } from '../golden/judge.ts';
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
      { name, backend: 'reference', gap: 0.002 } as const,
      { name, backend: 'wasm', gap: 0.2 } as const,
    ]),
  )(
    '$name on $backend prefers the exact tokens wherever they win by more than $gap',
    async ({ name, backend, gap }) => {
      await using engine = await loadEngine(sharedPath(`models/${name}`), { backend, threads: 1 });
      for (const { prompt, ids, continuation, gaps } of cases[name]) {
        expect(engine.tokenizer.encode(prompt, { parseSpecial: true })).toEqual(ids);
        const flips = flipsOf(await teacherForced(engine, { prompt: ids, continuation }), { continuation, gaps });
        expect(flips.filter((flip) => flip.gap > gap)).toEqual([]);
      }
    },
  );
});
