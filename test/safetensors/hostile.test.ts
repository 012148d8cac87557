// Checklist of attacks on SafeTensors readers. The rules are those of the reference implementation.
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { parseSafetensorsHeader } from '../../src/safetensors/parse.ts';
import { refusalWith } from '../support/refusals.ts';
import { writeRawSafetensors } from '../support/safetensors-writer.ts';

async function refused(file: Uint8Array, code: ErrorCode, ...named: (string | RegExp)[]): Promise<void> {
  const error = await refusalWith(
    () => parseSafetensorsHeader(file, { name: 'model.safetensors', byteLength: file.length }),
    code,
    'model.safetensors',
    ...named,
  );
  expect(error.offset).toBeTypeOf('number');
}

const data = new Uint8Array(16);
const entry = (changes: object = {}) =>
  JSON.stringify({ dtype: 'F32', shape: [2, 2], data_offsets: [0, 16], ...changes });
/** A file with one tensor `t`. */
const one = (changes: object = {}) => writeRawSafetensors(`{"t":${entry(changes)}}`, data);
const raw = (header: string) => writeRawSafetensors(header, data);

test('the file that the attacks start from is sound', () => expect(parseSafetensorsHeader(one()).tensors.size).toBe(1));

describe('S1: the length of the header', () => {
  test.each([0, 1, 7])('is cut in a file of %i bytes', (length) =>
    refused(new Uint8Array(length), 'truncated', 'header length'),
  );
  test.each([0n, 1n])('is %i', (length) =>
    refused(writeRawSafetensors('{}', data, length), 'bad-length', 'header length'),
  );
  test.each([19n, 100_000_001n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n])('is %i in a file of 26 bytes', (length) =>
    refused(writeRawSafetensors('{}', data, length), 'bad-length', String(length)),
  );
  test('is more than a header may have', () =>
    refused(writeRawSafetensors(new Uint8Array(2 ** 25 + 1)), 'limit-exceeded', '33554433'));
});

describe('S2: the header', () => {
  test('is not UTF-8', () =>
    refused(writeRawSafetensors(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), 'bad-json', 'UTF-8'));
  test.each(['[]', ' {}', '\uFEFF{}', '"{}"', 'null'])('does not start with {: %j', (header) =>
    refused(raw(header), 'bad-json', 'start with {'),
  );
  test.each(['{ ', '{}}', '{} x', '{}\0\0', '{"t":}', "{'t':1}"])('is not JSON: %j', (header) =>
    refused(raw(header), 'bad-json', 'not valid JSON'),
  );
  test('may have spaces at its end', () =>
    expect(parseSafetensorsHeader(writeRawSafetensors('{}      ')).tensors.size).toBe(0));
  test('nests 100,000 deep', () =>
    refused(raw(`{"t":${'['.repeat(100_000)}${']'.repeat(100_000)}}`), 'limit-exceeded', 'deeper'));
  test.each(['null', '1', '"x"', '[]'])('describes a tensor by %s', (value) =>
    refused(raw(`{"t":${value}}`), 'bad-value', 't at', 'object'),
  );
});

describe('S3: names', () => {
  test('that stand twice', () => refused(raw(`{"t":${entry()},"t":${entry()}}`), 'duplicate-name', 'key t'));
  test('that stand twice in another spelling', () =>
    refused(raw(`{"t":${entry()},"\\u0074":${entry()}}`), 'duplicate-name', 'key t'));
  test('of fields that stand twice', () =>
    refused(raw('{"t":{"dtype":"F32","dtype":"F64","shape":[2,2],"data_offsets":[0,16]}}'), 'duplicate-name', 'dtype'));
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])('that are ordinary here: %j', (name) => {
    const { tensors } = parseSafetensorsHeader(raw(`{${JSON.stringify(name)}:${entry()}}`));
    expect([...tensors.keys()]).toEqual([name]);
    expect(({} as { dtype?: string }).dtype).toBeUndefined();
  });
  test('of a dtype that is a property of every object', () =>
    refused(one({ dtype: 'constructor' }), 'unknown-type', 'constructor'));
});

describe('S4: very many tensors', () => {
  const many = (count: number) =>
    writeRawSafetensors(
      `{${Array.from({ length: count }, (_, i) => `"t${i}":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`).join(',')}}`,
    );
  test('are read up to 65,536', () => expect(parseSafetensorsHeader(many(65_536)).tensors.size).toBe(65_536));
  test('and are refused above', () => refused(many(100_000), 'limit-exceeded', 'more than 65537 keys'));
  test('or a shape of very many numbers is refused', () =>
    refused(
      raw(`{"t":{"dtype":"U8","shape":[${'0,'.repeat(2 ** 21)}0],"data_offsets":[0,0]}}`),
      'limit-exceeded',
      'values',
    ));
});

describe('S5: offsets', () => {
  test.each([[[16, 0]]])('reversed: %j', (data_offsets) =>
    refused(one({ data_offsets }), 'out-of-bounds', 't at', 'before they start'),
  );
  test.each([
    [[-16, 0]],
    [[0.5, 16.5]],
    [[0, 2 ** 53 + 2]],
    [['0', '16']],
    [[0, 16, 32]],
    [[0]],
    [[]],
    ['0,16'],
    [null],
    [{}],
  ])('not two whole numbers: %j', (data_offsets) => refused(one({ data_offsets }), 'bad-value', 'data_offsets'));
  test('beyond what a number holds', () =>
    refused(raw('{"t":{"dtype":"F32","shape":[2,2],"data_offsets":[0,1e309]}}'), 'bad-value', 'data_offsets'));
  test('that span more or less than the tensor', () =>
    refused(one({ data_offsets: [0, 12] }), 'bad-length', 'take 16 bytes', 'span 12'));
  test('missing', () => refused(one({ data_offsets: undefined }), 'bad-value', 'data_offsets'));
  test('with a hole before the first', () =>
    refused(one({ shape: [3], data_offsets: [4, 16] }), 'out-of-bounds', 'follow one another'));
  const two = (a: object, b: object) => raw(`{"a":${entry(a)},"b":${entry(b)}}`);
  test('with a hole between two', () =>
    refused(two({ shape: [1], data_offsets: [0, 4] }, { shape: [2], data_offsets: [8, 16] }), 'out-of-bounds', 'b at'));
  test('that overlap', () =>
    refused(two({ shape: [3], data_offsets: [0, 12] }, { shape: [2], data_offsets: [8, 16] }), 'overlap', 'b at'));
  test('of two tensors in one place', () => refused(two({}, {}), 'overlap'));
  test('that end before the file', () =>
    refused(one({ shape: [3], data_offsets: [0, 12] }), 'bad-length', 'tensor data'));
  test('that end after the file', () =>
    refused(one({ shape: [5], data_offsets: [0, 20] }), 'truncated', 'tensor data'));
  test('of a tensor without numbers, in the place where another starts, are sound', () => {
    const { tensors } = parseSafetensorsHeader(two({}, { shape: [0, 7], data_offsets: [0, 0] }));
    expect([...tensors.values()].map(({ name, byteLength }) => [name, byteLength])).toEqual([
      ['b', 0],
      ['a', 16],
    ]);
  });
  test('in another order than the names are sound', () => {
    const { tensors } = parseSafetensorsHeader(
      two({ shape: [2], data_offsets: [8, 16] }, { shape: [2], data_offsets: [0, 8] }),
    );
    expect(tensors.get('a')!.offset - tensors.get('b')!.offset).toBe(8);
  });
});

describe('S6: shapes and dtypes', () => {
  test.each([[[-1, -4]], [[0.5]], ['2,2'], [['2', '2']], [null], [{}], [Array(33).fill(1)]])('no shape: %j', (shape) =>
    refused(one({ shape }), 'bad-value', 'shape'),
  );
  test('a shape beyond what a number holds', () =>
    refused(raw('{"t":{"dtype":"F32","shape":[1e309],"data_offsets":[0,16]}}'), 'bad-value', 'shape'));
  test.each([[[2 ** 31, 2 ** 31]], [[2 ** 53 - 1, 2]], [[2 ** 40, 2 ** 40, 0]]])(
    'a product that overflows: %j',
    (shape) => refused(one({ shape }), 'out-of-bounds', 'more than any file'),
  );
  test('a shape of rank 32, and of rank 0, is sound', () => {
    expect(parseSafetensorsHeader(one({ shape: [...Array(30).fill(1), 2, 2] })).tensors.get('t')!.shape).toHaveLength(
      32,
    );
    expect(
      parseSafetensorsHeader(
        writeRawSafetensors(`{"t":${entry({ shape: [], data_offsets: [0, 4] })}}`, new Uint8Array(4)),
      ).tensors.get('t')!.shape,
    ).toEqual([]);
  });
  test.each(['F128', 'f32', '', 'Q4_0', 'x'.repeat(1000), 1, null])('dtype %j', (dtype) =>
    refused(one({ dtype }), 'unknown-type', 'dtype'),
  );
  test.each([
    ['F4', [3]],
    ['F6_E2M3', [2]],
    ['F6_E3M2', [3, 3]],
  ])('%s of %j ends inside a byte', (dtype, shape) =>
    refused(one({ dtype, shape }), 'misaligned', 'whole number of bytes'),
  );
  test.each([
    ['F4', [32]],
    ['F6_E2M3', [4]],
    ['F8_E8M0', [16]],
    ['C64', [2]],
  ] as const)('%s of %j is sound', (dtype, shape) => {
    const bytes = dtype === 'F6_E2M3' ? 3 : 16;
    const file = writeRawSafetensors(
      `{"t":${entry({ dtype, shape, data_offsets: [0, bytes] })}}`,
      new Uint8Array(bytes),
    );
    expect(parseSafetensorsHeader(file).tensors.get('t')).toMatchObject({ dtype, byteLength: bytes });
  });
});

describe('S7: __metadata__', () => {
  test.each(['{"a":1}', '{"a":null}', '{"a":{}}', '{"a":["x"]}'])('with other values than texts: %s', (value) =>
    refused(raw(`{"__metadata__":${value},"t":${entry()}}`), 'bad-value', '__metadata__.a', 'text'),
  );
  test.each(['1', 'null', '"x"', '[]'])('that is no object: %s', (value) =>
    refused(raw(`{"__metadata__":${value},"t":${entry()}}`), 'bad-value', '__metadata__', 'object'),
  );
});
