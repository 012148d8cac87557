import { expect, test } from 'vitest';
import type { BackendName } from '../../src/backend/backend.ts';
import { openBackend } from '../../src/backend/open.ts';
import type { GenerateOptions } from '../../src/engine/events.ts';
import { describeWithInputs } from '../support/inputs.ts';
import { allLogits, folderModels, ggufModels, kQuantModels, tinyEngine, tinyIds, tinyRoot } from './tiny-models.ts';

const variants = [
  ggufModels[0]!,
  ggufModels.find(({ name }) => name === 'qwen3')!,
  kQuantModels[2]!,
  folderModels.at(-1)!,
];
const backends: readonly BackendName[] = ['reference', 'wasm'];

describeWithInputs('results do not depend on company', [tinyRoot], () => {
  for (const name of backends) {
    for (const tiny of variants) {
      test(`${name}: logits of ${tiny.name}/${tiny.file} are bit-identical in chunks of any size`, async () => {
        const ids = tinyIds(tiny);
        const ofChunk = async (chunkSize: number) => {
          await using engine = await tinyEngine(tiny, await openBackend(name, { threads: 1 }), chunkSize);
          return await allLogits(engine, ids);
        };
        const whole = await ofChunk(ids.length);
        for (const chunkSize of [1, 3, 32, 63]) expect(same(await ofChunk(chunkSize), whole)).toBe(true);
      });
    }

    test(`${name}: many generations at once, that preempt one another, are those of each alone, to the last bit of their log-probabilities`, async () => {
      const tiny = ggufModels[0]!;
      await using engine = await tinyEngine(tiny, await openBackend(name, { threads: 2 }), 16, 96);
      const ids = tinyIds(tiny);
      const requests = [5, 1, 40, 17, 64, 2].map((length, i): [number[], GenerateOptions] => [
        ids.slice(i, i + length),
        { maxTokens: 12, ignoreEos: true, logprobs: 5, temperature: i % 2, seed: BigInt(i) },
      ]);
      const run = ([prompt, options]: (typeof requests)[number]) => eventsOf(engine.generate(prompt, options).events());
      const together = await Promise.all(requests.map(run));
      for (const [i, request] of requests.entries()) expect(together[i]).toEqual(await run(request));
    });
  }

  test.each(variants.slice(1, 3))(
    'wasm: logits of $name/$file are bit-identical with 1, 2, 3 and 4 threads',
    async (tiny) => {
      const ofThreads = async (threads: number) => {
        await using engine = await tinyEngine(tiny, await openBackend('wasm', { threads }));
        return await allLogits(engine, tinyIds(tiny));
      };
      const one = await ofThreads(1);
      for (const threads of [2, 3, 4]) expect(same(await ofThreads(threads), one)).toBe(true);
    },
  );
});

async function eventsOf(events: AsyncIterable<{ readonly type: string }>): Promise<unknown[]> {
  const tokens: unknown[] = [];
  for await (const event of events) if (event.type === 'token') tokens.push(event);
  return tokens;
}

const same = (a: Float32Array, b: Float32Array) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer)) === 0;
