import { describe, expect, test } from 'vitest';
import { configFromMetadata } from '../../src/model/config-from-metadata.ts';
import { ropeFrequencies, yarnMagnitude, type RopeScaling } from '../../src/model/rope-scaling.ts';
import { llamaMetadata } from './metadata.ts';

const dimensions = 64;
const theta = 10_000;
const base = ropeFrequencies(dimensions, theta).frequencies;
const frequencies = (scaling: RopeScaling) => ropeFrequencies(dimensions, theta, scaling).frequencies;

describe('ropeFrequencies', () => {
  test('fall from one radian per position, by powers of the base', () => {
    expect(base).toHaveLength(32);
    expect(base[0]).toBe(1);
    expect(base[16]).toBeCloseTo(0.01, 12);
  });

  test('are all divided by the factor of linear scaling', () => {
    expect(frequencies({ type: 'linear', factor: 4 })).toEqual(base.map((f) => f / 4));
  });

  test('stay as they are for fast pairs and are divided for slow ones, in llama3 and yarn scaling', () => {
    const llama3 = frequencies({
      type: 'llama3',
      factor: 8,
      lowFrequencyFactor: 1,
      highFrequencyFactor: 4,
      originalContext: 8192,
    });
    const yarn = frequencies({
      type: 'yarn',
      factor: 8,
      originalContext: 8192,
      betaFast: 32,
      betaSlow: 1,
      extrapolation: 1,
      magnitude: 1,
    });
    for (const scaled of [llama3, yarn]) {
      expect(scaled[0]).toBe(base[0]);
      expect(scaled[31]).toBeCloseTo(base[31]! / 8, 15);
      const ratios = scaled.map((f, i) => base[i]! / f);
      expect(ratios).toEqual(ratios.toSorted());
      expect(ratios.some((ratio) => ratio > 1.01 && ratio < 7.99)).toBe(true);
    }
  });

  test('of yarn without extrapolation are those of linear scaling', () => {
    const yarn = frequencies({
      type: 'yarn',
      factor: 4,
      originalContext: 512,
      betaFast: 32,
      betaSlow: 1,
      extrapolation: 0,
      magnitude: 1,
    });
    expect(yarn).toEqual(frequencies({ type: 'linear', factor: 4 }));
  });

  test('are divided pair by pair by what the converter worked out', () => {
    const divisors = Float64Array.from(base, (_, i) => 1 + i);
    expect(ropeFrequencies(dimensions, theta, undefined, divisors).frequencies).toEqual(
      base.map((f, i) => f / (1 + i)),
    );
  });
});

test('yarn turns attention up by a tenth of the logarithm of its factor, and never down', () => {
  expect(yarnMagnitude(4)).toBeCloseTo(1.1386294, 6);
  expect(yarnMagnitude(0.5)).toBe(1);
});

describe('scaling in metadata', () => {
  const yarn = {
    'llama.rope.scaling.type': 'yarn',
    'llama.rope.scaling.factor': 4,
    'llama.rope.scaling.original_context_length': 64,
  };
  const llama3 = {
    'llama.rope.scaling.type': 'llama3',
    'llama.rope.scaling.factor': 8,
    'llama.rope.scaling.low_freq_factor': 1,
    'llama.rope.scaling.high_freq_factor': 4,
    'llama.rope.scaling.original_context_length': 64,
  };
  const ropeOf = (changes: Parameters<typeof llamaMetadata>[0], divisors?: Float32Array) =>
    configFromMetadata(llamaMetadata(changes), divisors).rope;

  test('none is no scaling', () => {
    expect(ropeOf({ 'llama.rope.scaling.type': 'none' })).toEqual(ropeOf({}));
    const factors = { 'llama.rope.scaling.factor': 4, 'llama.rope.scale_linear': 4 };
    expect(ropeOf({ ...factors, 'llama.rope.scaling.type': 'none' })).toEqual(ropeOf({}));
  });

  test('linear is found under its old name too, and is what a factor without a type means', () => {
    const linear = ropeOf({ 'llama.rope.scaling.type': 'linear', 'llama.rope.scaling.factor': 4 });
    expect(ropeOf({ 'llama.rope.scale_linear': 4 })).toEqual(linear);
    expect(ropeOf({ 'llama.rope.scaling.factor': 4 })).toEqual(linear);
  });

  test('yarn multiplies its attention factors', () => {
    expect(ropeOf(yarn).magnitude).toBeCloseTo(yarnMagnitude(4), 12);
    expect(ropeOf({ ...yarn, 'llama.rope.scaling.attn_factor': 0.5 }).magnitude).toBeCloseTo(yarnMagnitude(4) / 2, 12);
    expect(ropeOf({ ...yarn, 'llama.rope.scaling.yarn_ext_factor': 0 }).magnitude).toBe(1);
  });

  test.each([yarn, llama3])('stretches the context of the model where no other is stated: %o', (scaling) => {
    const unstated = { ...scaling, 'llama.rope.scaling.original_context_length': undefined };
    expect(ropeOf({ ...unstated, 'llama.context_length': 64 })).toEqual(ropeOf(scaling));
  });

  test('llama3 in words equals llama3 in divisors', () => {
    const inWords = ropeOf(llama3).frequencies;
    const plain = ropeOf({}).frequencies;
    const divisors = Float32Array.from(plain, (f, i) => f / inWords[i]!);
    ropeOf({}, divisors).frequencies.forEach((f, i) => expect(f / inWords[i]!).toBeCloseTo(1, 6));
  });

  test.each([
    [{ ...yarn, 'llama.rope.scaling.factor': undefined }, 'llama.rope.scaling.factor'],
    [{ ...yarn, 'llama.rope.scaling.factor': 0 }, 'llama.rope.scaling.factor'],
    [{ ...yarn, 'llama.rope.scaling.original_context_length': 0 }, 'llama.rope.scaling.original_context_length'],
    [{ ...yarn, 'llama.rope.scaling.yarn_beta_fast': Number.NaN }, 'llama.rope.scaling.yarn_beta_fast'],
    [{ ...llama3, 'llama.rope.scaling.high_freq_factor': 1 }, 'llama.rope.scaling.high_freq_factor'],
  ])('that is incomplete or senseless is refused by name: %o', (changes, field) => {
    expect(() => ropeOf(changes)).toThrow(expect.objectContaining({ field }));
  });

  test('divisors of another length, or that are no divisors, are refused', () => {
    expect(() => ropeOf({}, new Float32Array(7).fill(1))).toThrow(expect.objectContaining({ code: 'shape-mismatch' }));
    expect(() => ropeOf({}, new Float32Array(8))).toThrow(
      expect.objectContaining({ code: 'bad-hparam', field: 'rope_freqs.weight' }),
    );
  });
});
