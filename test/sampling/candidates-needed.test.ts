import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { best } from '../../src/backend/reference/kernels/best.ts';
import { candidatesOfBest } from '../../src/sampling/candidates.ts';
import { candidatesNeeded, MAX_NEEDED } from '../../src/sampling/candidates-needed.ts';
import type { SamplingParams } from '../../src/sampling/params.ts';
import { defaultParams, defaultSamplers, neutralParams } from '../../src/sampling/resolve-params.ts';
import { createSampler } from '../../src/sampling/sampler.ts';

/** Often equal, so that ties fall across the k-th place; close together, so that rounding makes some equal. */
const anyLogits = fc
  .array(
    fc.oneof(
      fc.float({ min: -20, max: 20, noNaN: true }),
      fc.constantFrom(0, -0, 1, 1, 1.0000001, 3, 3, -Infinity),
      fc.integer({ min: 0, max: 3 }),
    ),
    { minLength: 3, maxLength: 120 },
  )
  .map((logits) => Float32Array.from([...logits, 2]));

/** Off more often than not, so that many parameters need only a few candidates. */
const mostly = <T>(off: T, on: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(off) }, { weight: 1, arbitrary: on });
const ratio = fc.double({ min: 0, max: 1, noNaN: true });
const anyParams: fc.Arbitrary<SamplingParams> = fc
  .record({
    temperature: fc.constantFrom(0, 0.5, 1, 2, 1e-40),
    dynatempRange: mostly(0, fc.double({ min: 0, max: 2, noNaN: true })),
    topK: fc.oneof(fc.nat(12), fc.constant(40)),
    topP: fc.oneof(fc.constant(1), ratio),
    minP: fc.oneof(fc.constant(0), ratio),
    typicalP: mostly(1, ratio),
    topNSigma: mostly(-1, fc.double({ min: -1, max: 3, noNaN: true })),
    xtcProbability: mostly(0, ratio),
    xtcThreshold: ratio,
    minKeep: fc.nat(5),
    repetitionPenalty: mostly(1, fc.double({ min: 0.5, max: 2, noNaN: true })),
    penaltyLastN: fc.constantFrom(0, 64, -1),
    presencePenalty: mostly(0, fc.constant(1)),
    dryMultiplier: mostly(0, fc.constant(1)),
    dryBase: fc.constantFrom(1.75, 0.5),
    mirostat: mostly<0 | 1 | 2>(0, fc.constantFrom(1, 2)),
    samplers: fc.oneof(fc.constant(defaultSamplers), fc.shuffledSubarray([...defaultSamplers])),
    rng: fc.constantFrom('counter' as const, 'lcg' as const),
    seed: fc.nat(),
  })
  .map((params) => ({ ...neutralParams, ...params }));

const bestRow = (logits: Float32Array, count: number) =>
  candidatesOfBest(best(logits, logits.length, Math.min(count, logits.length), logits.length));

test('a sampler that says how many it needs chooses the same tokens of them as of all logits', () => {
  fc.assert(
    fc.property(
      anyLogits,
      anyParams,
      fc.array(fc.nat(100), { maxLength: 20 }),
      fc.nat(3),
      (logits, params, history, more) => {
        const needed = candidatesNeeded(params);
        fc.pre(needed !== undefined);
        const ofAll = createSampler(params, logits.length);
        const ofBest = createSampler(params, logits.length);
        expect(ofBest.needed).toBe(needed);
        for (let i = 0; i < 4; i++)
          expect(ofBest.sample(bestRow(logits, needed + more), history)).toBe(ofAll.sample(logits, history));
      },
    ),
    { numRuns: 2000 },
  );
});

describe('needed', () => {
  const needed = (params: Partial<SamplingParams>, base = defaultParams) => candidatesNeeded({ ...base, ...params });

  test('is one for plain greedy decoding, whatever truncates', () => {
    expect(needed({ temperature: 0 })).toBe(1);
    expect(needed({ temperature: 0, mirostat: 2, topNSigma: 1 })).toBe(1);
  });

  test('is what top-k keeps, when it comes first', () => {
    expect(needed({})).toBe(40);
    expect(needed({ topK: 5, minKeep: 7 })).toBe(7);
    expect(needed({ samplers: ['top-k', 'temperature', 'penalties'], repetitionPenalty: 2 })).toBe(40);
    expect(needed({ topK: MAX_NEEDED })).toBe(MAX_NEEDED);
  });

  test.each<Partial<SamplingParams>>([
    { topK: 0 },
    { topK: MAX_NEEDED + 1 },
    { mirostat: 1 },
    { topNSigma: 1 },
    { repetitionPenalty: 1.1 },
    { temperature: 0, presencePenalty: 1 },
    { temperature: 0, dryMultiplier: 1 },
    { temperature: 0, dynatempRange: 1 },
    { temperature: 0, logitBias: new Map([[1, 1]]) },
    { logitBias: new Map([[1, 1]]) },
    { samplers: ['temperature', 'top-k'] },
    { samplers: ['top-p', 'top-k'] },
    { samplers: ['xtc', 'top-k'], xtcProbability: 0.5 },
    { samplers: [] },
  ])('is everything for %o', (params) => {
    expect(needed(params)).toBeUndefined();
  });
});

test.each([NaN, Infinity])('a logit of %s is refused among the best, too', (bad) => {
  const logits = Float32Array.of(0, bad, 1);
  for (const temperature of [0, 1]) {
    const sampler = createSampler({ ...defaultParams, temperature }, 3);
    const refusal = expect.objectContaining({
      code: 'bad-value',
      message: expect.stringContaining(`token 1 is ${bad}`),
    });
    expect(() => sampler.sample(bestRow(logits, 1), [])).toThrow(refusal);
    expect(() => sampler.sample(logits, [])).toThrow(refusal);
  }
});

test('where every token is forbidden, the best says so as all logits do', () => {
  const logits = new Float32Array(4).fill(-Infinity);
  const sampler = createSampler({ ...defaultParams, temperature: 0 }, 4);
  for (const given of [logits, bestRow(logits, 1)])
    expect(() => sampler.sample(given, [])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
});
