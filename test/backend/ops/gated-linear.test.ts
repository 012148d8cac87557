import { describe, test } from 'vitest';
import type { Backend, FeedForwardWeights } from '../../../src/backend/backend.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import { expectClose, expectSameBits } from '../support/compare.ts';
import { gatedLinear, rowOf } from '../support/oracle.ts';
import { floatWeight, Random, randomBias, randomNorm, randomWeight } from '../support/random.ts';
import { rowsFrom, runOnGarbage, uploadLinear } from '../support/run.ts';
import { weightDtypes } from '../support/shapes.ts';
import type { DType } from '../../../src/dtype/index.ts';

const EPS = 1e-5;
/** Two products meet in every number, and silu is at most 1.1 steep. */
const PRODUCTS = 2;

function randomCase(random: Random, gate: DType, up: DType, outputs: number, inputs: number, tokens: number) {
  return {
    x: floatWeight([tokens, inputs], random.floats(tokens * inputs, 3)),
    norm: randomNorm(random, inputs),
    gate: {
      weight: randomWeight(random, gate, [outputs, inputs]),
      bias: tokens === 5 ? randomBias(random, outputs) : undefined,
    },
    up: {
      weight: randomWeight(random, up, [outputs, inputs]),
      bias: tokens === 5 ? randomBias(random, outputs) : undefined,
    },
  };
}

type Case = ReturnType<typeof randomCase>;

async function upload(backend: Backend, given: Case): Promise<{ x: Tensor; weights: FeedForwardWeights }> {
  const weights = {
    norm: await backend.upload(given.norm.source),
    gate: await uploadLinear(backend, given.gate),
    up: await uploadLinear(backend, given.up),
  };
  return { x: await backend.upload(given.x.source), weights };
}

const run = (backend: Backend, { x, weights }: { x: Tensor; weights: FeedForwardWeights }, rows: readonly number[]) =>
  runOnGarbage(backend, () => backend.gatedLinear(rowsFrom(backend, x, rows), weights, EPS));

const expected = ({ x, norm, gate, up }: Case) =>
  upTo(x.shape[0]!).map((t) => gatedLinear(rowOf(x, t), norm, gate, up, EPS));

describeEachBackend('gatedLinear', (backend, { tolerance }) => {
  describe.each(weightDtypes)('with weights in %s', (dtype) => {
    const random = new Random(`gated-linear ${dtype}`);

    test.each([
      [104, 256, 1],
      [96, 256, 5],
      [37, 512, 7],
      [40, 768, 64],
    ])('silu(gate) ⊙ up with %i outputs, %i inputs, %i tokens', async (outputs, inputs, tokens) => {
      const given = randomCase(random, dtype, dtype, outputs, inputs, tokens);
      const actual = await run(backend(), await upload(backend(), given), upTo(tokens));
      expectClose(actual, expected(given), PRODUCTS * tolerance(dtype));
    });
  });

  test.each([
    ['q4_k', 'q6_k'],
    ['q8_0', 'f16'],
    ['f32', 'q4_0'],
  ] as const)('gate in %s and up in %s meet', async (gate, up) => {
    const given = randomCase(new Random(`gated-linear ${gate} ${up}`), gate, up, 40, 256, 6);
    const actual = await run(backend(), await upload(backend(), given), upTo(6));
    expectClose(actual, expected(given), PRODUCTS * Math.max(tolerance(gate), tolerance(up)));
  });

  test('silu of very large and very small gates neither overflows nor turns NaN', async () => {
    const random = new Random('gated-linear extremes');
    const given = randomCase(random, 'f32', 'f32', 16, 64, 3);
    const gate = {
      weight: floatWeight(
        [16, 64],
        given.gate.weight.values.map((value) => value * 1e4),
      ),
    };
    const extreme = { ...given, gate: { ...gate, bias: undefined } };
    const actual = await run(backend(), await upload(backend(), extreme), upTo(3));
    expectClose(actual, expected(extreme), PRODUCTS * tolerance('f32'));
  });

  test.each(['f32', 'q8_0', 'q4_k'] as const)(
    '%s: a row has the same bits alone, in chunks and in a batch',
    async (dtype) => {
      const tokens = 7;
      const outputs = 40;
      const uploaded = await upload(
        backend(),
        randomCase(new Random(`gated-linear bits ${dtype}`), dtype, dtype, outputs, 512, tokens),
      );
      const whole = await run(backend(), uploaded, upTo(tokens));
      for (const size of [1, 2, 4]) {
        for (let t = 0; t < tokens; t += size) {
          const rows = upTo(tokens).slice(t, t + size);
          expectSameBits(await run(backend(), uploaded, rows), whole.slice(t * outputs, (t + rows.length) * outputs));
        }
      }
    },
  );
});
