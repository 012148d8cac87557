import { expect, test } from 'vitest';
import { assertShape, countOf, rowsOf } from '../../src/tensor/tensor.ts';

const tensor = (...shape: number[]) => ({ dtype: 'f32', shape }) as const;

test('all leading dimensions are rows', () => {
  expect(rowsOf(tensor(3, 4))).toEqual([3, 4]);
  expect(rowsOf(tensor(2, 3, 4))).toEqual([6, 4]);
  expect(rowsOf(tensor(4))).toEqual([1, 4]);
  expect(rowsOf(tensor())).toEqual([1, 1]);
});

test('a tensor has as many numbers as its dimensions multiply to', () => {
  expect(countOf([2, 3, 4])).toBe(24);
  expect(countOf([3, 0])).toBe(0);
  expect(countOf([])).toBe(1);
});

test('a tensor of another shape is refused by name, with both shapes', () => {
  assertShape(tensor(3, 4), [3, 4], 'gate');
  for (const shape of [[4, 3], [3], [3, 4, 1], [12]]) {
    expect(() => assertShape(tensor(3, 4), shape, 'gate')).toThrow(
      expect.objectContaining({
        code: 'shape-mismatch',
        field: 'gate',
        message: expect.stringContaining(`has to be [${shape.join(', ')}]`),
      }),
    );
  }
});
