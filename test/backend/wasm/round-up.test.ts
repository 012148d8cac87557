import fc from 'fast-check';
import { expect, test } from 'vitest';
import { roundUp, wholeCacheLines } from '../../../src/backend/wasm/round-up.ts';

test('a number is rounded up to the least multiple that is no less', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 4096 }), (n, step) => {
      const rounded = roundUp(n, step);
      expect(rounded % step).toBe(0);
      expect(rounded).toBeGreaterThanOrEqual(n);
      expect(rounded - n).toBeLessThan(step);
    }),
  );
});

test('bytes fill whole cache lines, beyond 2 GiB too', () => {
  expect([0, 1, 64, 65, 3 * 2 ** 30 + 1].map(wholeCacheLines)).toEqual([0, 64, 64, 128, 3 * 2 ** 30 + 64]);
});
