import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logprobsOf } from '../../src/sampling/logprobs.ts';

test('log-probabilities are those of the softmax, also where exp would overflow', () => {
  const { logprob, top } = logprobsOf(Float32Array.of(1000, 1000, -1000), 1, 2);
  expect(logprob).toBeCloseTo(Math.log(0.5));
  expect(top).toEqual([
    { tokenId: 0, logprob },
    { tokenId: 1, logprob },
  ]);
});

test('the alternatives are the likeliest tokens, and all of them sum to 1', () => {
  fc.assert(
    fc.property(
      fc.float32Array({ minLength: 1, maxLength: 100, min: -30, max: 30, noNaN: true }),
      fc.nat(20),
      (logits, count) => {
        const all = logprobsOf(logits, 0, logits.length).top;
        expect(all.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)).toBeCloseTo(1, 9);
        expect(logprobsOf(logits, 0, count).top).toEqual(all.slice(0, count));
      },
    ),
  );
});
