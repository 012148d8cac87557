import fc from 'fast-check';
import { expect, test } from 'vitest';
import { negativeLogLikelihood } from '../../src/cli/negative-log-likelihood.ts';

const logits = fc.float32Array({ minLength: 1, maxLength: 50, min: -50, max: 50, noNaN: true });

test('the probabilities of all targets sum to one', () => {
  fc.assert(
    fc.property(logits, (row) => {
      const sum = [...row.keys()].reduce((total, target) => total + Math.exp(-negativeLogLikelihood(row, target)), 0);
      expect(sum).toBeCloseTo(1, 9);
    }),
  );
});

test('a shift of all logits changes nothing', () => {
  expect(negativeLogLikelihood(Float32Array.of(1000, 1001, 999), 0)).toBeCloseTo(
    negativeLogLikelihood(Float32Array.of(0, 1, -1), 0),
    9,
  );
});
