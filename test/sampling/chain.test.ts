import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import { distributionOf } from '../../src/sampling/chain.ts';
import type { SamplingParams } from '../../src/sampling/params.ts';
import { defaultParams, defaultSamplers, neutralParams, resolveParams } from '../../src/sampling/resolve-params.ts';
import { createSampler } from '../../src/sampling/sampler.ts';

const anyLogits = fc.float32Array({ minLength: 1, maxLength: 200, min: -30, max: 30, noNaN: true });
const anySeed = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyParams: fc.Arbitrary<Partial<SamplingParams>> = fc.record(
  {
    temperature: fc.double({ min: 0, max: 3, noNaN: true }),
    dynatempRange: fc.double({ min: 0, max: 2, noNaN: true }),
    topK: fc.nat(50),
    topP: fc.double({ min: 0, max: 1, noNaN: true }),
    minP: fc.double({ min: 0, max: 1, noNaN: true }),
    typicalP: fc.double({ min: 0, max: 1, noNaN: true }),
    topNSigma: fc.double({ min: -1, max: 4, noNaN: true }),
    xtcProbability: fc.double({ min: 0, max: 1, noNaN: true }),
    xtcThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
    minKeep: fc.nat(5),
    repetitionPenalty: fc.double({ min: 0.5, max: 2, noNaN: true }),
    presencePenalty: fc.double({ min: -2, max: 2, noNaN: true }),
    frequencyPenalty: fc.double({ min: -2, max: 2, noNaN: true }),
    dryMultiplier: fc.double({ min: 0, max: 2, noNaN: true }),
    mirostat: fc.constantFrom(0 as const, 1 as const, 2 as const),
    rng: fc.constantFrom('counter' as const, 'lcg' as const),
    samplers: fc.shuffledSubarray([...defaultSamplers]),
  },
  { requiredKeys: [] },
);
const anyHistory = fc.array(fc.nat(199), { maxLength: 60 });

const argmax = (logits: Float32Array) => logits.indexOf(Math.max(...logits));
const sampled = (logits: Float32Array, params: Partial<SamplingParams>, history: number[] = []) =>
  createSampler(resolveParams({ seed: 1n, ...params }, logits.length, neutralParams), logits.length).sample(
    logits,
    history,
  );
const left = (logits: Float32Array, params: Partial<SamplingParams>, history: number[] = []) =>
  distributionOf(logits, resolveParams(params, logits.length, neutralParams), { history });

describe('whatever the parameters', () => {
  test('the chosen id is one of the vocabulary, and the logits are not changed', () => {
    fc.assert(
      fc.property(anyLogits, anyParams, anyHistory, anySeed, (logits, params, history, seed) => {
        const before = logits.slice();
        const id = sampled(logits, { ...params, seed }, history);
        expect(Number.isInteger(id) && id >= 0 && id < logits.length).toBe(true);
        expect(logits).toEqual(before);
      }),
      { numRuns: 1000 },
    );
  });

  test('what is left are distinct tokens, best first, whose probabilities sum to 1', () => {
    fc.assert(
      fc.property(anyLogits, anyParams, anyHistory, (logits, params, history) => {
        const tokens = left(logits, params, history);
        const probabilities = tokens.map(([, p]) => p);
        expect(new Set(tokens.map(([id]) => id)).size).toBe(tokens.length);
        expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
        expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
      }),
      { numRuns: 500 },
    );
  });

  test('the same seed chooses the same tokens', () => {
    fc.assert(
      fc.property(anyLogits, anyParams, anySeed, (logits, params, seed) => {
        const run = () => {
          const sampler = createSampler(
            resolveParams({ ...params, seed }, logits.length, neutralParams),
            logits.length,
          );
          return Array.from({ length: 10 }, () => sampler.sample(logits, []));
        };
        expect(run()).toEqual(run());
      }),
    );
  });

  test('a forbidden token is never chosen', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 2, maxLength: 50, min: -30, max: 30, noNaN: true }),
        anyParams,
        (logits, params) => {
          const forbidden = argmax(logits);
          const id = sampled(logits, { ...params, logitBias: new Map([[forbidden, -Infinity]]) });
          expect(id).not.toBe(forbidden);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('neutral parameters', () => {
  test('leave every token with the probability that the model gives it', () => {
    fc.assert(
      fc.property(anyLogits, (logits) => {
        const best = Math.max(...logits);
        const weights = Array.from(logits, (logit) => Math.exp(logit - best));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const tokens = new Map(left(logits, {}));
        expect(tokens.size).toBe(logits.length);
        for (const [id, weight] of weights.entries()) expect(tokens.get(id)).toBeCloseTo(weight / total, 9);
      }),
    );
  });

  test('draw each token about as often as its probability says', () => {
    const logits = Float32Array.from([0.5, 0.3, 0.2], Math.log);
    const sampler = createSampler({ ...neutralParams, seed: 5n }, 3);
    const counts = [0, 0, 0];
    for (let i = 0; i < 10_000; i++) counts[sampler.sample(logits, [])]!++;
    expect(counts.map((count) => Math.round(count / 1000))).toEqual([5, 3, 2]);
  });
});

describe('greedy', () => {
  test('temperature 0 takes the best token, of equals the first', () => {
    fc.assert(
      fc.property(anyLogits, (logits) => {
        expect(sampled(logits, { temperature: 0 })).toBe(argmax(logits));
      }),
    );
  });

  test.each(['counter', 'lcg'] as const)('top-k of 1 is greedy with the %s generator', (rng) => {
    fc.assert(
      fc.property(anyLogits, anySeed, (logits, seed) => {
        expect(sampled(logits, { topK: 1, rng, seed })).toBe(argmax(logits));
      }),
    );
  });

  test('temperature 0 obeys penalties and ignores truncation', () => {
    const logits = Float32Array.of(1, 3, 2.9);
    expect(sampled(logits, { temperature: 0, repetitionPenalty: 1.5, xtcProbability: 1, xtcThreshold: 0 }, [1])).toBe(
      2,
    );
  });
});

describe('truncation', () => {
  test('top-p of 1, min-p of 0 and typical of 1 keep everything', () => {
    fc.assert(
      fc.property(anyLogits, (logits) => {
        expect(left(logits, { topP: 1, minP: 0, typicalP: 1 })).toHaveLength(logits.length);
      }),
    );
  });

  test('top-p keeps the fewest of the best tokens that reach p, also when that takes thousands of them', () => {
    const flat = Float32Array.from({ length: 3000 }, (_, id) => -id / 1e6);
    const kept = left(flat, { topP: 0.5 });
    expect(kept.length).toBeGreaterThan(1400);
    expect(kept.length).toBeLessThan(1500);
    expect(kept.map(([id]) => id)).toEqual(kept.map((_, i) => i));
  });

  test.each([
    ['top-k', { topK: 1 }],
    ['top-p', { topP: 0.01 }],
    ['min-p', { minP: 1 }],
    ['typical', { typicalP: 0.01 }],
    ['xtc', { xtcProbability: 1, xtcThreshold: 0.01 }],
  ] as const)('%s keeps at least minKeep tokens', (_, params) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: -100, max: 100 }), { minLength: 5, maxLength: 100 }),
        fc.integer({ min: 1, max: 5 }),
        (values, minKeep) => {
          const logits = Float32Array.from(values, (value) => value / 20);
          expect(left(logits, { ...params, minKeep }).length).toBeGreaterThanOrEqual(minKeep);
        },
      ),
    );
  });

  test('xtc acts only as often as its probability says', () => {
    const logits = Float32Array.of(2, 2, 0);
    const sampler = createSampler({ ...neutralParams, xtcProbability: 0.25, xtcThreshold: 0.3, topK: 2, seed: 3n }, 3);
    const zeros = Array.from({ length: 4000 }, () => sampler.sample(logits, [])).filter((id) => id === 0).length;
    expect(zeros / 4000).toBeCloseTo(0.375, 1); // half of the three quarters in which nothing is excluded
  });

  test('mirostat brings the surprise of what is drawn to tau', () => {
    const logits = Float32Array.from({ length: 2000 }, (_, rank) => -1.1 * Math.log(rank + 1));
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    for (const mirostat of [1, 2] as const) {
      const sampler = createSampler({ ...neutralParams, mirostat, mirostatTau: 3, seed: 11n }, logits.length);
      let surprise = 0;
      for (let i = 0; i < 2000; i++) {
        const id = sampler.sample(logits, []);
        if (i >= 500) surprise -= Math.log2(Math.exp(logits[id]!) / total);
      }
      expect(Math.abs(surprise / 1500 - 3)).toBeLessThan(1.5); // of the truncated distribution it is 3; of the whole a little more
    }
  });
});

describe('the order of the chain', () => {
  test("is llama.cpp's", () => {
    expect(defaultParams.samplers).toMatchInlineSnapshot(`
      [
        "penalties",
        "dry",
        "top-n-sigma",
        "top-k",
        "typical",
        "top-p",
        "min-p",
        "xtc",
        "temperature",
      ]
    `);
  });

  test('is what the caller says', () => {
    const logits = Float32Array.of(3, 2, 1, 0);
    const params = { temperature: 4, topP: 0.7 };
    expect(left(logits, { ...params, samplers: ['top-p', 'temperature'] })).toHaveLength(2);
    expect(left(logits, { ...params, samplers: ['temperature', 'top-p'] })).toHaveLength(3);
  });

  test('leaves out what the caller leaves out', () => {
    expect(left(Float32Array.of(3, 2, 1), { topK: 1, samplers: ['temperature'] })).toHaveLength(3);
  });
});

describe('DRY', () => {
  test('a breaker token ends what counts as repetition', () => {
    const logits = new Float32Array(10);
    const history = [1, 2, 3, 4, 1, 2, 3];
    const params = resolveParams({ dryMultiplier: 1, dryAllowedLength: 2 }, 10, neutralParams);
    const best = (breakerIds: ReadonlySet<number>) =>
      new Map(distributionOf(logits, params, { history, breakerIds })).get(4)!;
    expect(best(new Set())).toBeLessThan(0.1);
    expect(best(new Set([2]))).toBeCloseTo(0.1);
    const sampler = createSampler({ ...params, temperature: 0 }, 10, { breakerIds: new Set([3]) });
    expect(sampler.sample(Float32Array.of(0, 0, 0, 0, 1, 0.5, 0, 0, 0, 0), history)).toBe(4);
  });

  test('a penalty stays finite however long the repetition', () => {
    const tokens = left(new Float32Array(4), { dryMultiplier: 1, dryBase: 4 }, Array<number>(5000).fill(1));
    expect(tokens).toHaveLength(4);
    expect(tokens.every(([, p]) => Number.isFinite(p))).toBe(true);
  });
});

const thrown = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('bad input', () => {
  const sampler = createSampler({ ...neutralParams, seed: 0n }, 3);

  test.each([NaN, Infinity])('a logit of %s is refused and no token is chosen', (bad) => {
    const error = thrown(() => sampler.sample(Float32Array.of(0, bad, 1), []));
    expect(error).toBeInstanceOf(RealizarError);
    expect(error).toMatchObject({ code: 'bad-value', field: 'logits' });
  });

  test('logits of another vocabulary are refused', () => {
    expect(thrown(() => sampler.sample(new Float32Array(4), []))).toMatchObject({
      code: 'invalid-argument',
      field: 'logits',
    });
  });

  test('a bias that forbids every token is refused', () => {
    const logitBias = new Map([0, 1, 2].map((id) => [id, -Infinity]));
    for (const temperature of [0, 1]) {
      const none = createSampler({ ...neutralParams, temperature, logitBias }, 3);
      expect(thrown(() => none.sample(new Float32Array(3), []))).toMatchObject({
        code: 'invalid-argument',
        field: 'logitBias',
      });
    }
  });

  test.each([0, NaN, 2 ** 24])('a vocabulary of %s tokens is refused', (size) => {
    expect(thrown(() => createSampler(neutralParams, size))).toMatchObject({
      code: 'invalid-argument',
      field: 'vocabSize',
    });
  });
});

test('XTC never leaves only what is forbidden', () => {
  const params = { xtcProbability: 1, xtcThreshold: 0, logitBias: new Map([[0, -Infinity]]) };
  expect(sampled(Float32Array.of(0, 0), params)).toBe(1);
});
