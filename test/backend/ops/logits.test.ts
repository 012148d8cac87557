import { describe, expect, test } from 'vitest';
import type { Backend, BestOf } from '../../../src/backend/backend.ts';
import { best } from '../../../src/backend/reference/kernels/best.ts';
import { upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import { expectClose, expectSameBits } from '../support/compare.ts';
import { linear, rmsNorm, rowOf } from '../support/oracle.ts';
import { floatWeight, Random, randomNorm, randomWeight } from '../support/random.ts';
import { rowsFrom, runOnGarbage } from '../support/run.ts';
import { weightDtypes } from '../support/shapes.ts';

const EPS = 1e-6;
const WIDTH = 256;
const TOKENS = 13;
const VOCAB = 293; // no whole number of anything

function randomCase(dtype: (typeof weightDtypes)[number]) {
  const random = new Random(`logits ${dtype}`);
  return {
    x: floatWeight([TOKENS, WIDTH], random.floats(TOKENS * WIDTH, 20)),
    norm: randomNorm(random, WIDTH),
    head: randomWeight(random, dtype, [VOCAB, WIDTH]),
  };
}

async function runner(backend: Backend, { x, norm, head }: ReturnType<typeof randomCase>) {
  const uploaded = {
    x: await backend.upload(x.source),
    norm: await backend.upload(norm.source),
    head: await backend.upload(head.source),
  };
  /** @param count the best so many are read instead of the logits */
  return (tokens: readonly number[], rows: readonly number[], bestOf?: BestOf, count?: number) =>
    runOnGarbage(backend, () => {
      const states = rowsFrom(backend, uploaded.x, tokens);
      const weights = { weight: uploaded.head };
      const logits = backend.logits(states, uploaded.norm, EPS, weights, Int32Array.from(rows), bestOf);
      return count === undefined ? logits : backend.best(logits, count, bestOf!.limit);
    });
}

describeEachBackend('logits', (backend, { tolerance }) => {
  describe.each(weightDtypes)('with a head in %s', (dtype) => {
    test('the chosen rows come out, normed and projected', async () => {
      const given = randomCase(dtype);
      const run = await runner(backend(), given);
      for (const rows of [[12], [0, 1, 5, 11], upTo(TOKENS)]) {
        const expected = rows.map((t) => linear(rmsNorm(rowOf(given.x, t), given.norm, EPS), { weight: given.head }));
        expectClose(await run(upTo(TOKENS), rows), expected, tolerance(dtype));
      }
    });

    test('a row’s logits have the same bits whichever rows stand beside it', async () => {
      const run = await runner(backend(), randomCase(dtype));
      const whole = await run(upTo(TOKENS), upTo(TOKENS));
      const bitsOf = (t: number) => whole.slice(t * VOCAB, (t + 1) * VOCAB);
      for (const t of [0, 6, 12]) {
        expectSameBits(await run(upTo(TOKENS), [t]), bitsOf(t));
        expectSameBits(await run([t], [0]), bitsOf(t));
      }
    });
  });

  test('said to be for the largest, they have the same bits, and the largest is that of all', async () => {
    const given = randomCase('q8_0');
    const run = await runner(backend(), given);
    for (const [tokens, limit] of [
      [1, VOCAB],
      [1, 200],
      [5, 250],
      [TOKENS, 200],
    ] as const) {
      const logits = await run(upTo(tokens), upTo(tokens));
      expectSameBits(await run(upTo(tokens), upTo(tokens), { count: 1, limit }), logits);
      for (const count of [1, 3]) {
        const found = await run(upTo(tokens), upTo(tokens), { count: 1, limit }, count);
        expectSameBits(found, best(logits, VOCAB, count, limit));
      }
    }
  });

  test('rows that the batch does not have are refused', async () => {
    const run = await runner(backend(), randomCase('f32'));
    for (const row of [-1, TOKENS]) {
      await expect(run(upTo(TOKENS), [0, row])).rejects.toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    }
  });
});
