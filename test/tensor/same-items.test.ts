import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sameItems } from '../../src/tensor/same-items.ts';

const numbers = fc.array(fc.integer(), { minLength: 1 });

test('lists with the same numbers are the same, whatever they are lists of', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      expect(sameItems(items, [...items])).toBe(true);
      expect(sameItems(items, Int32Array.from(items))).toBe(true);
    }),
  );
});

test('lists differ that are longer, shorter, or have another item anywhere', () => {
  fc.assert(
    fc.property(numbers, fc.nat(), (items, n) => {
      expect(sameItems(items, [...items, 0])).toBe(false);
      expect(sameItems(items, items.slice(1))).toBe(false);
      expect(sameItems(items, items.with(n % items.length, items[n % items.length]! + 1))).toBe(false);
    }),
  );
});

test('objects are the same only as themselves', () => {
  const one = { a: 1 };
  expect(sameItems([one, undefined], [one, undefined])).toBe(true);
  expect(sameItems([one], [{ a: 1 }])).toBe(false);
});
