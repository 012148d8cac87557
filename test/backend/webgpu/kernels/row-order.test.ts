import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BLOCK, rowOrder } from '../../../../src/backend/webgpu/kernels/row-order.ts';

test('every block of a row belongs to one lane, and few lanes stand idle', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40_000 }), (inputs) => {
      const { lanes, unit } = rowOrder(inputs);
      const blocks = Math.ceil(inputs / BLOCK);
      expect(blocks % unit).toBe(0);
      expect([1, 2, 4, 8, 16, 32]).toContain(lanes);
      const steps = Math.ceil(blocks / (lanes * unit));
      expect(blocks / (steps * lanes * unit)).toBeGreaterThanOrEqual(0.7);
    }),
  );
});
