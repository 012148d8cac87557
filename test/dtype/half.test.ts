import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bf16ToNumber, f16ToNumber, numberToBf16, numberToF16 } from '../../src/dtype/half.ts';

const everyHalf = Array.from({ length: 65536 }, (_, half) => half);

/** The definition, IEEE 754-2019 §3.4, for finite halves. */
function f16ByDefinition(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('f16', () => {
  test('every finite bit pattern is the number of the definition, and comes back as itself', () => {
    for (const half of everyHalf.filter((h) => (h & 0x7c00) !== 0x7c00)) {
      expect(Object.is(f16ToNumber(half), f16ByDefinition(half))).toBe(true);
      expect(numberToF16(f16ToNumber(half))).toBe(half);
    }
  });

  test('infinities and NaN keep their meaning', () => {
    expect(f16ToNumber(0x7c00)).toBe(Infinity);
    expect(f16ToNumber(0xfc00)).toBe(-Infinity);
    expect(f16ToNumber(0x7c01)).toBeNaN();
    expect(numberToF16(Infinity)).toBe(0x7c00);
    expect(numberToF16(-Infinity)).toBe(0xfc00);
    expect(f16ToNumber(numberToF16(Number.NaN))).toBeNaN();
  });

  test('a float goes to the nearest half, ties to even', () => {
    const neighbours = everyHalf.filter((h) => h < 0x7c00);
    fc.assert(
      fc.property(fc.float({ min: -65519, max: 65519, noNaN: true }), (value) => {
        const found = f16ToNumber(numberToF16(value));
        const index = numberToF16(value) & 0x7fff;
        for (const other of [neighbours[index - 1], neighbours[index + 1]]) {
          if (other === undefined) continue;
          const distance = Math.abs(Math.abs(value) - f16ToNumber(other));
          const ours = Math.abs(value - found);
          expect(ours <= distance).toBe(true);
          if (ours === distance) expect(index % 2).toBe(0);
        }
      }),
    );
  });

  test('what is too large for a half becomes infinite at 65520 and not before', () => {
    expect(f16ToNumber(numberToF16(65519.99))).toBe(65504);
    expect(numberToF16(65520)).toBe(0x7c00);
    expect(numberToF16(-3e38)).toBe(0xfc00);
  });
});

describe('bf16', () => {
  test('every bit pattern that is a number comes back as itself', () => {
    for (const half of everyHalf) {
      if (Number.isNaN(bf16ToNumber(half))) expect(bf16ToNumber(numberToBf16(Number.NaN))).toBeNaN();
      else expect(numberToBf16(bf16ToNumber(half))).toBe(half);
    }
  });

  test('a float goes to the nearest bfloat16: within 2^-8 of its size, ties to even', () => {
    expect(numberToBf16(1 + 2 ** -8)).toBe(0x3f80);
    expect(numberToBf16(1 + 3 * 2 ** -8)).toBe(0x3f82);
    fc.assert(
      fc.property(fc.float({ min: Math.fround(2 ** -120), max: Math.fround(1e38), noNaN: true }), (value) => {
        expect(Math.abs(bf16ToNumber(numberToBf16(value)) - value)).toBeLessThanOrEqual(value * 2 ** -8);
      }),
    );
  });
});
