import { expect, test } from 'vitest';
import { neutralParams, resolveParams } from '../../src/sampling/resolve-params.ts';
import { createSampler } from '../../src/sampling/sampler.ts';

test('a seed is the same as a number and as a bigint', () => {
  const logits = Float32Array.from({ length: 50 }, (_, i) => Math.sin(i));
  const draws = (seed: number | bigint) => {
    const sampler = createSampler(resolveParams({ ...neutralParams, seed }, logits.length), logits.length);
    return Array.from({ length: 8 }, () => sampler.sample(logits, []));
  };
  expect(draws(42)).toEqual(draws(42n));
  expect(draws(42)).not.toEqual(draws(43));
});
