import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import { defaultParams, neutralParams, resolveParams } from '../../src/sampling/resolve-params.ts';

const resolve = (params: Record<string, unknown>) => resolveParams(params, 100);

describe('resolveParams', () => {
  test('takes what is missing or undefined from the defaults, and leaves out what it does not know', () => {
    expect(resolve({ topK: 5, topP: undefined, maxTokens: 9 })).toEqual({ ...defaultParams, topK: 5 });
    expect(resolveParams({}, 100, neutralParams)).toEqual(neutralParams);
  });

  test("its defaults are llama.cpp's truncation at a temperature of 0.7", () => {
    const { temperature, topK, topP, minP, xtcThreshold, penaltyLastN } = defaultParams;
    expect({ temperature, topK, topP, minP, xtcThreshold, penaltyLastN }).toEqual({
      temperature: 0.7,
      topK: 40,
      topP: 0.95,
      minP: 0.05,
      xtcThreshold: 0.1,
      penaltyLastN: 64,
    });
  });

  const numeric = Object.entries(defaultParams)
    .filter(([, value]) => typeof value === 'number')
    .map(([field]) => field);

  test.each(numeric)('refuses a %s that is no number, infinite, or far out of range', (field) => {
    for (const bad of [NaN, Infinity, -Infinity, -1000.5, 1e12, '1', null]) {
      expect(() => resolve({ [field]: bad })).toThrow(RealizarError);
      expect(() => resolve({ [field]: bad })).toThrow(
        expect.objectContaining({ code: 'invalid-argument', field, message: expect.stringContaining(field) as string }),
      );
    }
  });

  test.each([
    ['topK', 1.5],
    ['minKeep', -1],
    ['mirostat', 3],
    ['topP', 1.01],
    ['repetitionPenalty', 0],
    ['seed', 0.5],
    ['seed', -1],
    ['seed', 2 ** 53],
    ['seed', '5'],
    ['seed', -1n],
    ['seed', 2n ** 64n],
    ['rng', 'xorshift'],
    ['samplers', 'top-k'],
    ['samplers', ['top-q']],
    ['samplers', ['top-k', 'top-k']],
    ['logitBias', { 1: 2 }],
    ['logitBias', new Map([[100, 1]])],
    ['logitBias', new Map([[-1, 1]])],
    ['logitBias', new Map([[0.5, 1]])],
    ['logitBias', new Map([[1, NaN]])],
    ['logitBias', new Map([[1, Infinity]])],
    ['logitBias', new Map([[1, 1e300]])],
    ['drySequenceBreakers', ['']],
    ['drySequenceBreakers', Array<string>(65).fill('a')],
  ])('refuses %s of %o', (field, value) => {
    expect(() => resolve({ [field]: value })).toThrow(expect.objectContaining({ code: 'invalid-argument', field }));
  });

  test('accepts the ends of the ranges', () => {
    expect(
      resolve({
        temperature: 0,
        topK: 0,
        topP: 0,
        minP: 1,
        penaltyLastN: -1,
        seed: 2n ** 64n - 1n,
        logitBias: new Map([[99, -Infinity]]),
      }),
    ).toMatchObject({ seed: 2n ** 64n - 1n });
  });

  test('any values either resolve or give an error that names one of the fields', () => {
    const anyValue = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
      fc.bigInt(),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(defaultParams)), anyValue), (params) => {
        try {
          resolve(params);
        } catch (error) {
          expect(error).toBeInstanceOf(RealizarError);
          expect(Object.keys(params)).toContain((error as RealizarError).field);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
