import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakerIdsOf } from '../../src/sampling/dry-breakers.ts';
import { zFunction } from '../../src/sampling/dry.ts';

test('the Z function counts what counting by hand counts', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2), { maxLength: 60 }), (items) => {
      const counted = items.map((_, i) => {
        let length = 0;
        while (i + length < items.length && items[length] === items[i + length]) length++;
        return i === 0 ? 0 : length;
      });
      expect([...zFunction(Int32Array.from(items))]).toEqual(counted);
    }),
  );
});

test('breakers are the tokens whose text contains one', () => {
  const vocabulary = ['a', ':', ' b:', '\n\n', 'c'];
  expect(breakerIdsOf([':', '\n'], vocabulary.length, (id) => vocabulary[id]!)).toEqual(new Set([1, 2, 3]));
});
