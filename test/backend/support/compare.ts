import { expect } from 'vitest';
import type { Row } from './oracle.ts';

/** Root mean square of the differences over that of the expected numbers; Infinity where a number is missing or NaN. */
export function relativeRms(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    size += expected[i]! ** 2;
  }
  const ratio = Math.sqrt(difference / size);
  return Number.isNaN(ratio) ? Infinity : ratio;
}

export function expectClose(actual: ArrayLike<number>, expected: readonly Row[], tolerance: number): void {
  expect(relativeRms(actual, expected.flat())).toBeLessThanOrEqual(tolerance);
}

/** Bit for bit, so that 0 is not -0. */
export function expectSameBits(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length);
  const [these, those] = [bitsOf(actual), bitsOf(expected)];
  expect(these.length === those.length && these.every((word, i) => word === those[i]), 'the same bits').toBe(true);
}

const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);
