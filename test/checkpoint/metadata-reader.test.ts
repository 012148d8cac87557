import { describe, expect, test } from 'vitest';
import type { MetadataValue } from '../../src/checkpoint/checkpoint.ts';
import {
  optionalFloat,
  optionalInteger,
  optionalString,
  requireInteger,
} from '../../src/checkpoint/metadata-reader.ts';
import { expectRefusal } from '../support/refusals.ts';

const metadata = new Map<string, MetadataValue>([
  ['integer', 7],
  ['float', 0.5],
  ['text', 'a'],
  ['texts', ['a', 'b']],
  ['nan', NaN],
  ['infinity', Infinity],
  ['huge', 2n ** 60n],
]);

test('values of the right kind are given', () => {
  expect(requireInteger(metadata, 'integer', 7, 7)).toBe(7);
  expect(optionalInteger(metadata, 'integer', 0, 10)).toBe(7);
  expect(optionalFloat(metadata, 'float', 0, 1)).toBe(0.5);
  expect(optionalString(metadata, 'text')).toBe('a');
});

test('absent values are undefined where they are optional', () => {
  expect([optionalInteger, optionalFloat].map((read) => read(metadata, 'absent', 0, 1))).toEqual([
    undefined,
    undefined,
  ]);
  expect(optionalString(metadata, 'absent')).toBeUndefined();
});

describe('refused with the name of the key are', () => {
  test.each([
    ['integer', 8, 9],
    ['integer', 0, 6],
    ['float', 0, 10],
    ['text', 0, 10],
    ['texts', 0, 10],
    ['nan', -Infinity, Infinity],
    ['infinity', 0, 10],
    ['huge', 0, 10],
  ])('%s as an integer from %d to %d', (key, min, max) =>
    expectRefusal(() => requireInteger(metadata, key, min, max), 'bad-hparam', key),
  );
  test('a number as text', () => expectRefusal(() => optionalString(metadata, 'integer'), 'bad-hparam', 'integer'));
  test('a list as text', () => expectRefusal(() => optionalString(metadata, 'texts'), 'bad-hparam', 'texts'));
  test('what is missing', () =>
    expectRefusal(() => requireInteger(metadata, 'absent', 0, 1), 'missing-metadata', 'absent'));
});
