import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetadataValue } from '../../src/checkpoint/checkpoint.ts';
import { isGguf, parseGguf } from '../../src/gguf/parse.ts';
import { ggufDescription } from '../support/gguf-arbitrary.ts';
import { writeGguf, type GgufValue } from '../support/gguf-writer.ts';
import { refusalWith } from '../support/refusals.ts';

/** What reading has to give for what was written. */
function expected(value: GgufValue): MetadataValue {
  if (value.type !== 'array') return value.type === 'f32' ? Math.fround(value.value) : scalar(value);
  const values = value.values.map((element) => (element.type === 'array' ? expected(element) : element.value));
  const make = typedArrays[value.element];
  return make === undefined ? values : make(values as never);
}

function scalar(value: Exclude<GgufValue, { type: 'array' }>): MetadataValue {
  return typeof value.value === 'bigint' && Number.isSafeInteger(Number(value.value))
    ? Number(value.value)
    : value.value;
}

const typedArrays: Partial<Record<GgufValue['type'], (values: never) => MetadataValue>> = {
  u8: (values) => Uint8Array.from(values),
  i8: (values) => Int8Array.from(values),
  u16: (values) => Uint16Array.from(values),
  i16: (values) => Int16Array.from(values),
  u32: (values) => Uint32Array.from(values),
  i32: (values) => Int32Array.from(values),
  f32: (values) => Float32Array.from(values),
  f64: (values) => Float64Array.from(values),
  u64: (values) => BigUint64Array.from(values),
  i64: (values) => BigInt64Array.from(values),
};

const all: readonly (readonly [string, GgufValue])[] = [
  ['u8', { type: 'u8', value: 255 }],
  ['i8', { type: 'i8', value: -128 }],
  ['u16', { type: 'u16', value: 65_535 }],
  ['i16', { type: 'i16', value: -32_768 }],
  ['u32', { type: 'u32', value: 2 ** 32 - 1 }],
  ['i32', { type: 'i32', value: -(2 ** 31) }],
  ['f32', { type: 'f32', value: 1e-5 }],
  ['bool', { type: 'bool', value: true }],
  ['string', { type: 'string', value: 'Grüße, 世界 🌍\u0000' }],
  [
    'array',
    {
      type: 'array',
      element: 'string',
      values: [
        { type: 'string', value: 'a' },
        { type: 'string', value: '\uFEFFb' },
      ],
    },
  ],
  ['u64', { type: 'u64', value: 2n ** 64n - 1n }],
  ['i64', { type: 'i64', value: -(2n ** 63n) }],
  ['f64', { type: 'f64', value: Math.PI }],
];

describe('a valid file', () => {
  test.each([2, 3])('of version %i is read with all 13 value types', (version) => {
    const { metadata, ...rest } = parseGguf(writeGguf({ version, metadata: all }));
    expect(rest).toEqual({ version, alignment: 32, tensors: [] });
    expect([...metadata]).toEqual(all.map(([key, value]) => [key, expected(value)]));
  });

  test('has 64-bit integers as numbers where a number can hold them, and as bigint elsewhere', () => {
    const values = [2n ** 53n - 1n, 2n ** 53n + 1n, -(2n ** 53n) + 1n];
    const { metadata } = parseGguf(
      writeGguf({ metadata: values.map((value, i) => [`key${i}`, { type: 'i64', value }]) }),
    );
    expect([...metadata.values()]).toEqual([2 ** 53 - 1, 2n ** 53n + 1n, -(2 ** 53) + 1]);
  });

  test('has every array of numbers as a typed array, also at odd places in the file', () => {
    const entries = Object.keys(typedArrays).map((element) => {
      const value = element.endsWith('64') && element !== 'f64' ? 7n : 7;
      return [`${element}?`, { type: 'array', element, values: [{ type: element, value }] } as GgufValue] as const;
    });
    const { metadata } = parseGguf(writeGguf({ metadata: entries }));
    expect([...metadata.values()]).toEqual(entries.map(([, value]) => expected(value)));
  });

  test('takes any byte but 0 for true', () => {
    const file = writeGguf({ metadata: [['yes', { type: 'bool', value: true }]] });
    file[file.length - 1] = 255;
    expect(parseGguf(file).metadata.get('yes')).toBe(true);
  });

  test.each([1, 2, 4, 8, 16, 32, 64, 4096, 65_536])(
    'has its tensors where an alignment of %i puts them',
    (alignment) => {
      const tensors = [3, 5].map((n) => ({ name: `t${n}`, ggmlType: 24, shape: [n], data: new Uint8Array(n).fill(n) }));
      const file = writeGguf({ alignment, tensors });
      for (const { offset, byteLength } of parseGguf(file).tensors) {
        expect(offset % alignment).toBe(0);
        expect(file.subarray(offset, offset + byteLength)).toEqual(new Uint8Array(byteLength).fill(byteLength));
      }
    },
  );

  test('has shapes slowest-first', () => {
    const tensors = [{ name: 'matrix', ggmlType: 0, shape: [2, 3, 5], data: new Uint8Array(120) }];
    expect(parseGguf(writeGguf({ tensors })).tensors[0]).toMatchObject({
      name: 'matrix',
      dtype: 'f32',
      shape: [2, 3, 5],
      byteLength: 120,
    });
  });

  test('of any content is read as it was written', () => {
    fc.assert(
      fc.property(ggufDescription(), (description) => {
        const file = writeGguf(description);
        const header = parseGguf(file);
        const { alignment = 32, metadata = [], tensors = [] } = description;
        expect(header.alignment).toBe(alignment);
        expect([...header.metadata]).toEqual([
          ['general.alignment', alignment],
          ...metadata.map(([key, value]) => [key, expected(value)]),
        ]);
        expect(
          header.tensors.map(({ name, shape, offset, byteLength }) => ({
            name,
            shape,
            data: file.slice(offset, offset + byteLength),
          })),
        ).toEqual(tensors.map(({ name, shape, data }) => ({ name, shape, data })));
      }),
    );
  });
});

test('a file that is cut anywhere is refused', async () => {
  const tensors = [{ name: 'weight', ggmlType: 0, shape: [2, 2], data: new Uint8Array(16).fill(1) }];
  const file = writeGguf({ metadata: all, tensors });
  expect(parseGguf(file).tensors).toHaveLength(1);
  for (let length = 0; length < file.length; length++) {
    const error = await refusalWith(() => parseGguf(file.subarray(0, length)), expect.any(String) as never, 'memory');
    expect(error.offset).toBeLessThanOrEqual(length);
    expect(['truncated', 'implausible-count', 'bad-length', 'out-of-bounds']).toContain(error.code);
  }
});

test('a file is known by its first four bytes', () => {
  expect(isGguf(writeGguf({}))).toBe(true);
  expect(isGguf(new TextEncoder().encode('GGU'))).toBe(false);
  expect(isGguf(new TextEncoder().encode('GGML'))).toBe(false);
});
