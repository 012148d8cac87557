import { describe, expect, test } from 'vitest';
import { integer, integers, logitBias, number, repeatable, seed } from '../../src/cli/parsers.ts';

describe('command line values', () => {
  test('whole numbers have to be whole and in range', () => {
    expect(integer(-1, 10)('-1')).toBe(-1);
    for (const text of ['', ' ', '1.5', '1e1', '0x1', '11', '-2', 'ten', 'NaN'])
      expect(() => integer(-1, 10)(text)).toThrow('whole number from -1 to 10');
  });

  test('numbers have to be finite and in range', () => {
    expect(number(0, 1)('0.25')).toBe(0.25);
    for (const text of ['', ' ', '-0.1', '1.1', 'NaN', 'Infinity', 'half'])
      expect(() => number(0, 1)(text)).toThrow('number from 0 to 1');
  });

  test('seeds keep all of their 64 bits', () => {
    expect(seed('18446744073709551615')).toBe(2n ** 64n - 1n);
    for (const text of ['18446744073709551616', '-1', '1.5', '', '99999999999999999999999'])
      expect(() => seed(text)).toThrow('18446744073709551615');
  });

  test('lists are split at commas', () => {
    expect(integers(1, 4)('1,2,4')).toEqual([1, 2, 4]);
    expect(() => integers(1, 4)('1,,2')).toThrow('whole number');
  });

  test('options that may be repeated are collected', () => {
    expect(repeatable('b', repeatable('a'))).toEqual(['a', 'b']);
  });

  test('logit biases are collected by token id', () => {
    expect(logitBias('7=-inf', logitBias('42=-1.5'))).toEqual(
      new Map([
        [42, -1.5],
        [7, -Infinity],
      ]),
    );
    for (const text of ['42', '=1', 'x=1', '42=', '42=much', '42=1e9']) expect(() => logitBias(text)).toThrow();
  });
});
