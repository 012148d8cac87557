import { expect, test } from 'vitest';
import { RestoreBudget } from '../../src/engine/restore-budget.ts';

test('ten restores are allowed within a minute, and another whenever one is a minute old', () => {
  const budget = new RestoreBudget();
  const taken = Array.from({ length: 12 }, (_, i) => budget.take(1000 * i));
  expect(taken).toEqual([...Array<boolean>(10).fill(true), false, false]);
  expect(budget.take(59_999)).toBe(false);
  expect(budget.take(60_000)).toBe(true);
  expect(budget.take(60_500)).toBe(false);
  expect(budget.take(61_000)).toBe(true);
});
