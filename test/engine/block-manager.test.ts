import { expect, test } from 'vitest';
import { BlockManager } from '../../src/engine/block-manager.ts';

test('a table grows by whole blocks, and only where a position needs one', () => {
  const blocks = new BlockManager(3, 4);
  const table: number[] = [];
  expect(blocks.grow(table, 4)).toBe(true);
  expect(blocks.grow(table, 4)).toBe(true);
  expect(table).toEqual([0]);
  expect(blocks.grow(table, 5)).toBe(true);
  expect(table).toEqual([0, 1]);
});

test('a table that cannot grow is left as it is', () => {
  const blocks = new BlockManager(2, 4);
  const table: number[] = [];
  expect(blocks.grow(table, 9)).toBe(false);
  expect(table).toEqual([]);
  expect(blocks.numFree).toBe(2);
});

test('released blocks can be had again', () => {
  const blocks = new BlockManager(2, 4);
  const table: number[] = [];
  blocks.grow(table, 8);
  blocks.release(table);
  expect(table).toEqual([]);
  expect(blocks.grow(table, 8)).toBe(true);
});
