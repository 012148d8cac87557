import { describe, expect, test } from 'vitest';
import type { SamplingParams } from '../../src/sampling/params.ts';
import { neutralParams } from '../../src/sampling/resolve-params.ts';
import { counterRng, lcgRng, splitMix64 } from '../../src/sampling/rng.ts';
import { createSampler } from '../../src/sampling/sampler.ts';

describe('the counter-based generator', () => {
  test("gives SplitMix64's published numbers", () => {
    const first = Array.from({ length: 5 }, (_, index) => splitMix64(1234567n, index));
    expect(first).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });

  test('gives the number of a position whatever was asked before', () => {
    const rng = counterRng(7n);
    const inOrder = [0, 1, 2, 3].map((position) => rng.at(position, 0));
    expect([3, 1, 0, 2].map((position) => counterRng(7n).at(position, 0))).toEqual([
      inOrder[3],
      inOrder[1],
      inOrder[0],
      inOrder[2],
    ]);
    expect(rng.at(1, 1)).not.toBe(rng.at(1, 0));
  });

  test('stays in 0 ≤ r < 1 for the smallest and the largest seed', () => {
    for (const seed of [0n, 2n ** 64n - 1n]) {
      const rng = counterRng(seed);
      for (let i = 0; i < 1000; i++) expect(rng.at(i, 0) >= 0 && rng.at(i, 0) < 1).toBe(true);
    }
  });

  test('without a seed two samplers differ', () => {
    const logits = new Float32Array(1000);
    const run = () => {
      const sampler = createSampler(neutralParams, 1000);
      return Array.from({ length: 8 }, () => sampler.sample(logits, []));
    };
    expect(run()).not.toEqual(run());
  });
});

describe('the generator of the Rust realizar', () => {
  test.each([
    [42n, [0.49002168, 0.4687652, 0.5602242, 0.024927117, 0.07391447]],
    [123n, [0.43506348, 0.49316847, 0.046145972, 0.5383493, 0.43149263]],
  ])('with seed %s gives its numbers, bit for bit', (seed, expected) => {
    const rng = lcgRng(seed);
    expect(Array.from({ length: 5 }, (_, i) => rng.at(i, 0))).toEqual(expected.map(Math.fround));
  });

  test.each<[string, Partial<SamplingParams>, number[]]>([
    ['greedy', { temperature: 0 }, [0, 0, 0, 0, 0]],
    ['top-k of 5', { topK: 5, samplers: ['temperature', 'top-k'] }, [2, 2, 2, 0, 0]],
    ['top-p of 0.9', { topP: 0.9, samplers: ['temperature', 'top-p'] }, [44, 42, 50, 2, 6]],
  ])('chooses the same tokens of flat logits, %s', (_, params, expected) => {
    for (const seed of [42n, undefined]) {
      const sampler = createSampler({ ...neutralParams, ...params, rng: 'lcg', seed }, 100);
      const history = [1, 5, 10];
      for (let i = 0; i < 5; i++) history.push(sampler.sample(new Float32Array(100), history));
      expect(history.slice(3)).toEqual(expected);
    }
  });
});
