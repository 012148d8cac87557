import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MemoryPlan } from '../../../src/backend/backend.ts';
import { placeModel } from '../../../src/backend/wasm/placement.ts';

const MEBIBYTE = 2 ** 20;
const kvCache = { numLayers: 8, numKvHeads: 2, headDim: 64, numBlocks: 32, blockSize: 32 };
const KV_BYTES = 2 * 4 * 32 * 32 * 2 * 64;

/** Parts of so many MiB each: an embedding, then layers. */
const planOf = (sizes: readonly number[]): MemoryPlan => ({
  parts: sizes.map((size, i) => ({
    weights: [{ name: `w${i}`, dtype: 'f32', shape: [(size * MEBIBYTE) / 4096, 1024] }],
    ...(i === 0 ? {} : { layer: i - 1 }),
  })),
  kvCache,
});

test('parts keep their order, layers have their keys and values beside them, and no memory holds more than it can', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 9 }), (sizes) => {
      const placement = placeModel(planOf(sizes), 32 * MEBIBYTE);
      const banks = sizes.map((_, i) => placement.ofWeight(`w${i}`));
      expect(banks).toEqual(banks.toSorted((a, b) => a - b));
      expect([...new Set(banks)]).toEqual(Array.from({ length: placement.banks }, (_, i) => i));
      for (let bank = 0; bank < placement.banks; bank++) {
        const used = sizes.reduce(
          (sum, size, i) => sum + (banks[i] === bank ? size * MEBIBYTE + (i === 0 ? 0 : KV_BYTES) : 0),
          0,
        );
        expect(used).toBeLessThan(32 * MEBIBYTE);
      }
      expect(placement.weightBytes).toEqual(
        placement.weightBytes.map((_, bank) =>
          sizes.reduce((sum, size, i) => sum + (banks[i] === bank ? size * MEBIBYTE : 0), 0),
        ),
      );
      sizes.slice(1).forEach((_, layer) => expect(placement.ofLayer(layer)).toBe(banks[layer + 1]));
    }),
  );
});

test('a part that no memory holds is refused by name, with its size and the room there is', () => {
  const place = () => placeModel(planOf([4, 40]), 32 * MEBIBYTE);
  expect(place).toThrow(expect.objectContaining({ code: 'out-of-memory', field: 'w1' }));
  expect(place).toThrow(/w1 and their keys and values need 42 MiB, but one WebAssembly memory has room for 26 MiB/);
});

test('what nobody told of lies in the first memory', () => {
  const placement = placeModel(planOf([20, 20]), 32 * MEBIBYTE);
  expect([placement.banks, placement.ofWeight('other'), placement.ofLayer(7)]).toEqual([2, 0, 0]);
});
