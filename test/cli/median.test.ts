import { expect, test } from 'vitest';
import { median } from '../../src/cli/median.ts';

test('the median is the middle value, or between the two', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(() => median([])).toThrow(RangeError);
});
