import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cacheReach } from '../../src/backend/cache-reach.ts';
import { idsOnly } from './support/batches.ts';

const batch = idsOnly([0]);
const places = fc.array(fc.nat(10_000), { minLength: 1 });

test('a batch reaches to one more than its highest slot and its highest block', () => {
  fc.assert(
    fc.property(places, places, (slots, blocks) => {
      const reach = cacheReach({
        ...batch,
        slotMapping: Int32Array.from(slots),
        blockTable: Int32Array.from(blocks),
      });
      expect(reach).toEqual({ slots: Math.max(...slots) + 1, blocks: Math.max(...blocks) + 1 });
    }),
  );
});

test('a batch without tokens reaches nowhere', () => {
  expect(cacheReach(idsOnly([]))).toEqual({ slots: 0, blocks: 0 });
});
