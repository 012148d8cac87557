import { expect, test } from 'vitest';
import { draw } from '../../src/sampling/draw.ts';

test('a number picks the place whose stretch of the sum it falls into', () => {
  const p = Float64Array.of(0.25, 0, 0.5, 0.25);
  expect([0, 0.2499, 0.25, 0.7499, 0.75, 0.999].map((random) => draw(p, random))).toEqual([0, 0, 2, 2, 3, 3]);
});

test('a number that rounding leaves above the sum picks the last place that is possible', () => {
  expect(draw(Float64Array.of(0.5, 0.4999999, 0), 1)).toBe(1);
});
