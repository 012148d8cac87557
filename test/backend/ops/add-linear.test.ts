import { describe, test } from 'vitest';
import type { Backend, Linear } from '../../../src/backend/backend.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import { expectClose, expectSameBits } from '../support/compare.ts';
import { linear, type OracleLinear, rowOf } from '../support/oracle.ts';
import { floatWeight, Random, randomBias, randomWeight } from '../support/random.ts';
import { rowsFrom, runOnGarbage, uploadLinear } from '../support/run.ts';
import { type LinearShape, shapesOf, weightDtypes } from '../support/shapes.ts';

/** x and input as tables, whose rows a test picks, and the weights between them. */
function randomCase(
  random: Random,
  dtype: (typeof weightDtypes)[number],
  { outputs, inputs, tokens }: LinearShape,
  withBias: boolean,
) {
  const x = floatWeight([tokens, outputs], random.floats(tokens * outputs));
  const input = floatWeight([tokens, inputs], random.floats(tokens * inputs));
  const weights: OracleLinear = {
    weight: randomWeight(random, dtype, [outputs, inputs]),
    bias: withBias ? randomBias(random, outputs) : undefined,
  };
  return { x, input, weights };
}

interface Uploaded {
  readonly x: Tensor;
  readonly input: Tensor;
  readonly weights: Linear;
}

async function upload(backend: Backend, { x, input, weights }: ReturnType<typeof randomCase>): Promise<Uploaded> {
  return {
    x: await backend.upload(x.source),
    input: await backend.upload(input.source),
    weights: await uploadLinear(backend, weights),
  };
}

const run = (backend: Backend, { x, input, weights }: Uploaded, rows: readonly number[]) =>
  runOnGarbage(backend, () => {
    const sum = rowsFrom(backend, x, rows);
    backend.addLinear(sum, rowsFrom(backend, input, rows), weights);
    return sum;
  });

describeEachBackend('addLinear', (backend, { tolerance }) => {
  describe.each(weightDtypes)('with weights in %s', (dtype) => {
    const random = new Random(`add-linear ${dtype}`);

    test.each(shapesOf(dtype))('x += input Wᵀ + b for [$tokens, $inputs] → $outputs', async (shape) => {
      const given = randomCase(random, dtype, shape, shape.tokens % 2 === 1);
      const actual = await run(backend(), await upload(backend(), given), upTo(shape.tokens));
      // x has no error of its own, so the distance is held against the product alone.
      const product = upTo(shape.tokens).map((t) => linear(rowOf(given.input, t), given.weights));
      const added = Array.from(actual, (value, i) => value - given.x.values[i]!);
      expectClose(added, product, tolerance(dtype));
    });

    test('a row has the same bits alone, in chunks and in a batch', async () => {
      const tokens = 13;
      const outputs = 37;
      const uploaded = await upload(backend(), randomCase(random, dtype, { outputs, inputs: 512, tokens }, true));
      const whole = await run(backend(), uploaded, upTo(tokens));
      for (let t = 0; t < tokens; t++) {
        expectSameBits(await run(backend(), uploaded, [t]), whole.slice(t * outputs, (t + 1) * outputs));
      }
      for (const size of [2, 3, 5, 8]) {
        for (let t = 0; t < tokens; t += size) {
          const rows = upTo(tokens).slice(t, t + size);
          expectSameBits(await run(backend(), uploaded, rows), whole.slice(t * outputs, (t + rows.length) * outputs));
        }
      }
    });
  });

  test.each(['f32', 'q8_0', 'q4_0', 'q6_k'] as const)(
    '%s: rows of zeros, of one spike and of huge and tiny numbers are as exact as others',
    async (dtype) => {
      const inputs = 256;
      const outputs = 16;
      const rows = [
        new Float32Array(inputs),
        new Float32Array(inputs).fill(1, 77, 78),
        new Random('huge').floats(inputs, 1e6),
        new Random('tiny').floats(inputs, 1e-12),
      ];
      const weight = randomWeight(new Random(`spikes ${dtype}`), dtype, [outputs, inputs]);
      const zeros = await backend().upload(floatWeight([1, outputs], new Float32Array(outputs)).source);
      const weights = await uploadLinear(backend(), { weight });
      for (const row of rows) {
        const input = await backend().upload(floatWeight([1, inputs], row).source);
        const actual = await run(backend(), { x: zeros, input, weights }, [0]);
        const expected = linear([...row], { weight });
        if (expected.every((value) => value === 0)) expectSameBits(actual.map(Math.abs), new Float32Array(outputs));
        else expectClose(actual, [expected], tolerance(dtype));
      }
    },
  );
});
