import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ResultArrays } from '../../../src/backend/wasm/result-arrays.ts';

test('copies of any lengths keep their values whatever is copied afterwards', () => {
  const lengths = fc.array(fc.oneof(fc.nat(300), fc.nat(5000)), { maxLength: 60 });
  fc.assert(
    fc.property(lengths, (all) => {
      const results = new ResultArrays();
      const copies = all.map((length, i) => results.copyOf(new Float32Array(length).fill(i)));
      copies.forEach((copy, i) => expect(copy).toEqual(new Float32Array(all[i]!).fill(i)));
    }),
  );
});

test('a copy does not follow what it was made of', () => {
  const values = Float32Array.of(1, 2, 3);
  const copy = new ResultArrays().copyOf(values);
  values.fill(0);
  expect([...copy]).toEqual([1, 2, 3]);
});

test('a large copy has a buffer of its own', () => {
  const results = new ResultArrays();
  expect(results.copyOf(new Float32Array(1000)).buffer.byteLength).toBe(4000);
});
