import { describe, expect, test } from 'vitest';
import { parseShardIndex } from '../../src/safetensors/shards.ts';
import { expectRefusal } from '../support/refusals.ts';

const parse = (value: unknown) =>
  parseShardIndex(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)), 'index.json');

test('an index says which shard holds which tensor', () => {
  const weight_map = {
    a: 'model-00001-of-00002.safetensors',
    b: 'model-00002-of-00002.safetensors',
    c: 'model-00001-of-00002.safetensors',
  };
  expect(parse({ metadata: { total_size: 12 }, weight_map })).toEqual(new Map(Object.entries(weight_map)));
});

describe('S8: refused is an index', () => {
  test.each([
    '../../etc/passwd',
    '../model.safetensors',
    '/etc/model.safetensors',
    'C:\\model.safetensors',
    'sub/model.safetensors',
    '..\\model.safetensors',
    '..safetensors',
    'model.bin',
    'model.safetensors.index.json',
    'a\0.safetensors',
    '',
    7,
    null,
    {},
  ])('that names the file %j', (file) =>
    expectRefusal(() => parse({ weight_map: { a: file } }), 'bad-value', 'weight_map.a', 'same folder'),
  );
  test.each([{}, { weight_map: [] }, { weight_map: null }, { weight_map: 'x' }])('without a weight_map: %j', (value) =>
    expectRefusal(() => parse(value), 'bad-value', 'weight_map', 'object'),
  );
  test('that names no file', () => expectRefusal(() => parse({ weight_map: {} }), 'bad-value', 'names 0 files'));
  test('that names more files than a model has', () =>
    expectRefusal(
      () =>
        parse({
          weight_map: Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`t${i}`, `${i}.safetensors`])),
        }),
      'bad-value',
      '1025 files',
    ));
  test('of a million tensors', () =>
    expectRefusal(
      () =>
        parse({
          weight_map: Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [`t${i}`, 'a.safetensors'])),
        }),
      'limit-exceeded',
    ));
  test('of more tensors than a model has', () =>
    expectRefusal(
      () =>
        parse({
          weight_map: Object.fromEntries(Array.from({ length: 131_073 }, (_, i) => [`t${i}`, 'a.safetensors'])),
        }),
      'limit-exceeded',
      'more than 131072 keys',
    ));
  test('that names a tensor twice', () =>
    expectRefusal(() => parse('{"weight_map":{"a":"1.safetensors","a":"2.safetensors"}}'), 'duplicate-name', 'key a'));
  test('that is no JSON', () => expectRefusal(() => parse('{'), 'bad-json', 'index.json'));
});
