// Checklist of attacks on GGUF readers that have worked somewhere (CVE-2024-21802 and its family, CVE-2025-53630,
// CVE-2026-27940, CVE-2026-33298, CVE-2026-7482). Every one is refused with its field and place.
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../src/errors.ts';
import { parseGguf } from '../../src/gguf/parse.ts';
import { ByteWriter } from '../support/byte-writer.ts';
import {
  startGguf,
  writeEntry,
  writeGguf,
  writeTableEntry,
  type GgufValue,
  type TableEntry,
} from '../support/gguf-writer.ts';
import { refusalWith } from '../support/refusals.ts';

const U64_MAX = 2n ** 64n - 1n;
const text = (value: string) => new TextEncoder().encode(value);

async function refused(file: Uint8Array | ByteWriter, code: ErrorCode, ...named: (string | RegExp)[]): Promise<void> {
  const bytes = file instanceof ByteWriter ? file.finish() : file;
  const error = await refusalWith(
    () => parseGguf(bytes, { name: 'model.gguf', byteLength: bytes.length }),
    code,
    'model.gguf',
    ...named,
  );
  expect(error.field).toBeTypeOf('string');
  expect(error.offset).toBeTypeOf('number');
}

describe('G1: the magic', () => {
  test('is missing in an empty file', () => refused(new Uint8Array(), 'truncated', 'magic', 'byte 0'));
  test('is cut in a file of 3 bytes', () => refused(text('GGU'), 'truncated', 'magic'));
  test('is another', () => refused(text('GGML1234567890123456789'), 'bad-magic', 'not a GGUF file'));
  test('is reversed', () => refused(text('FUGG1234567890123456789'), 'bad-magic', 'big-endian'));
});

describe('G2: the version', () => {
  test.each([0, 1, 4, 2 ** 32 - 1])('is %i', (version) =>
    refused(startGguf(0, 0, version), 'unsupported-version', String(version)),
  );
  test('is byte-swapped', () => refused(startGguf(0, 0, 0x03000000), 'unsupported-version', 'big-endian?'));
});

describe.each([U64_MAX, 2n ** 63n, 2n ** 60n, 2n ** 53n + 1n, 10n ** 9n, 4n])(
  'G3, G4: %i entries in a file of 100 bytes',
  (count) => {
    const hundred = (tensors: bigint, entries: bigint) => startGguf(tensors, entries).bytes(new Uint8Array(100 - 24));
    test('of the tensor table', () =>
      refused(hundred(count, 0n), 'implausible-count', 'tensor count', 'byte 8', String(count)));
    test('of the metadata', () =>
      refused(
        hundred(0n, count * 2n > U64_MAX ? count : count * 2n),
        'implausible-count',
        'metadata count',
        'byte 16',
      ));
  },
);

describe('G5: a key', () => {
  const key = (length: bigint | number, bytes: Uint8Array) => startGguf(0, 1).u64(length).bytes(bytes);
  test.each([U64_MAX, 65_536n, 2n ** 53n + 1n])('of %i bytes', (length) =>
    refused(key(length, new Uint8Array(70_000)), 'bad-length', 'key of metadata entry 0', 'byte 24'),
  );
  test('longer than the rest of the file', () => refused(key(100, new Uint8Array(99)), 'bad-length', '99 bytes left'));
  test('of no bytes', () => refused(key(0, new Uint8Array(20)), 'bad-length', 'empty'));
  test('that is not UTF-8', () => refused(key(1, Uint8Array.of(0xff, 0, 0, 0, 0, 0)), 'bad-value', 'UTF-8'));
  test('that stands twice', () =>
    refused(
      [1, 2].reduce((writer, value) => writeEntry(writer, 'twice', { type: 'u8', value }), startGguf(0, 2)),
      'duplicate-name',
      'twice',
    ));
  test('with control characters, in a short message of one line', () =>
    refused(
      writeEntry(startGguf(0, 1), '\n'.repeat(60_000), { type: 'u8', value: 0 }).u8(0).finish().subarray(0, -2),
      'truncated',
      '???',
    ));
});

test('G5: 65,536 keys are read and a million are too many', async () => {
  const many = (count: number) => {
    const writer = startGguf(0, count);
    for (let i = 0; i < count; i++) writeEntry(writer, `key${i}`, { type: 'u8', value: 0 });
    return writer.finish();
  };
  expect(parseGguf(many(65_536)).metadata.size).toBe(65_536);
  await refused(many(65_537), 'implausible-count', 'metadata count');
});

describe('G6: a text', () => {
  const value = (length: bigint, rest = 20) =>
    startGguf(0, 1).string('name').u32(8).u64(length).bytes(new Uint8Array(rest));
  test.each([U64_MAX, 2n ** 46n, 21n])('of %i bytes in a file that ends after 20', (length) =>
    refused(value(length), 'bad-length', 'name', String(length)),
  );
  test('larger than a header may be', () =>
    refused(value(2n ** 26n + 1n, 2 ** 26 + 1), 'bad-length', 'at most 67108864'));
});

describe('G7: an array', () => {
  const array = (type: number, count: bigint) =>
    startGguf(0, 1).string('list').u32(9).u32(type).u64(count).bytes(new Uint8Array(100));
  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'of type %i with more elements than the file has room for',
    async (type) => {
      for (const count of [101n, 10n ** 9n, 2n ** 60n, 2n ** 61n, U64_MAX])
        await refused(array(type, count), 'implausible-count', 'list');
    },
  );
  test.each([13, 255, 2 ** 32 - 1])('of unknown type %i', (type) =>
    refused(array(type, 1n), 'unknown-type', String(type)),
  );

  const nested = (depth: number) => {
    const writer = startGguf(0, 1).string('list').u32(9);
    for (let i = 1; i < depth; i++) writer.u32(9).u64(1);
    return writer.u32(0).u64(1).u8(42).finish();
  };
  test('nested four deep is read', () =>
    expect(parseGguf(nested(4)).metadata.get('list')).toEqual([[[Uint8Array.of(42)]]]));
  test.each([5, 10_000, 400_000])('nested %i deep', (depth) =>
    refused(nested(depth), 'limit-exceeded', 'nested deeper than 4'),
  );
  test('of too many arrays', () => {
    const writer = startGguf(0, 1).string('list').u32(9).u32(9).u64(65_537);
    for (let i = 0; i < 65_537; i++) writer.u32(0).u64(0);
    return refused(writer, 'limit-exceeded', 'arrays inside arrays');
  });
});

test('G7, G18: ten million texts are too many, also over several arrays', async () => {
  const half = new Uint8Array(8 * 700_000);
  const entry = (writer: ByteWriter, key: string) => writer.string(key).u32(9).u32(8).u64(700_000).bytes(half);
  expect(parseGguf(entry(startGguf(0, 1), 'a').finish()).metadata.get('a')).toHaveLength(700_000);
  await refused(entry(entry(startGguf(0, 2), 'a'), 'b'), 'implausible-count', 'b at');
  await refused(
    startGguf(0, 1).string('tokens').u32(9).u32(8).u64(10_000_000).bytes(new Uint8Array(80_000_000)),
    'implausible-count',
    'tokens',
  );
});

describe('G8: a type', () => {
  test.each([13, 255, 2 ** 32 - 1])('of a value is %i', (type) =>
    refused(startGguf(0, 1).string('key').u32(type).u64(0), 'unknown-type', 'key', String(type)),
  );
  test.each([4, 5, 31, 32, 33, 36, 37, 38, 41, 2 ** 32 - 1])('of a tensor is %i', (ggmlType) =>
    refused(oneTensor({ ggmlType }), 'unknown-type', `type ${ggmlType} is unknown`),
  );
  test.each([
    [9, 'Q8_1'],
    [16, 'IQ2_XXS'],
    [34, 'TQ1_0'],
    [39, 'MXFP4'],
  ])('of a tensor is %i, which is %s', (ggmlType, name) =>
    refused(oneTensor({ ggmlType }), 'unknown-type', name, 'Q4_K'),
  );
});

describe('G10: general.alignment', () => {
  const aligned = (value: GgufValue) => writeEntry(startGguf(0, 1), 'general.alignment', value);
  test.each([0, 3, 13, 131_072, 2 ** 31])('is %i', (value) =>
    refused(aligned({ type: 'u32', value }), 'bad-value', 'general.alignment', String(value)),
  );
  test.each<GgufValue>([
    { type: 'i32', value: 32 },
    { type: 'string', value: '32' },
    { type: 'u64', value: 32n },
    { type: 'bool', value: true },
  ])('is of type $type', (value) => refused(aligned(value), 'bad-value', 'general.alignment', '32-bit unsigned'));
});

/** A file with one tensor and room for `bytes` of data. */
function oneTensor(entry: TableEntry, bytes = 128): Uint8Array {
  return writeTableEntry(startGguf(1, 0), entry).padTo(32).bytes(new Uint8Array(bytes)).finish();
}

describe('G11: a shape', () => {
  test('is read where it is sound', () => expect(parseGguf(oneTensor({ dims: [32] })).tensors).toHaveLength(1));
  test.each([0, 5, 2 ** 32 - 1])('of %i dimensions', (rank) =>
    refused(oneTensor({ rank }), 'bad-value', 't at', 'dimensions'),
  );
  test.each([[0n], [2n ** 31n], [2n ** 63n], [U64_MAX], [32n, 0n]])('with a dimension of %i', (...dims) =>
    refused(oneTensor({ dims }), 'bad-value', 'dimension'),
  );
  test.each([[[2 ** 30, 2 ** 30]], [[2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1]]])(
    'whose product overflows: %s',
    (dims) => refused(oneTensor({ dims }), 'out-of-bounds', 'more than any file'),
  );
  test('whose product of numbers fits and of bytes does not', () =>
    refused(oneTensor({ dims: [2 ** 26, 2 ** 26] }), 'out-of-bounds', 'its data would end'));
  test('with rows of 31 numbers in blocks of 32', () =>
    refused(oneTensor({ dims: [31, 32], ggmlType: 2 }), 'misaligned', 'Q4_0', '31'));
});

describe('G12: the name of a tensor', () => {
  test('of 64 bytes is read', () => expect(parseGguf(oneTensor({ name: 'n'.repeat(64) })).tensors).toHaveLength(1));
  test('of 65 bytes', () => refused(oneTensor({ name: 'n'.repeat(65) }), 'bad-length', 'name of tensor 0'));
  test('of no bytes', () => refused(oneTensor({ name: '' }), 'bad-length', 'empty'));
  test('with a zero byte', () => refused(oneTensor({ name: 'a\0b' }), 'bad-value', 'control characters'));
  test('that leads out of a folder', () =>
    refused(oneTensor({ name: '../../etc/passwd' }), 'bad-value', 'out of a folder'));
  test('that is not UTF-8', () => refused(oneTensor({ name: Uint8Array.of(0xc3) }), 'bad-value', 'UTF-8'));
  test('that stands twice', () =>
    refused(
      writeTableEntry(writeTableEntry(startGguf(2, 0), {}), { offset: 128 })
        .padTo(32)
        .bytes(new Uint8Array(256)),
      'duplicate-name',
      't at',
    ));
});

describe('G13: the data of a tensor', () => {
  test('that start at no multiple of the alignment', () =>
    refused(oneTensor({ dims: [1], offset: 31 }), 'misaligned', 'alignment 32'));
  test('that start after the file', () => refused(oneTensor({ offset: 160 }), 'out-of-bounds', 'incomplete'));
  test('that end one byte after the file', () => refused(oneTensor({}, 127), 'out-of-bounds', 'incomplete'));
  test.each([U64_MAX, U64_MAX - 31n, 2n ** 63n, 2n ** 53n])('that start at %i', (offset) =>
    refused(oneTensor({ offset }), 'out-of-bounds', 'its data would end'),
  );
  test('that overlap those of another', () => refused(twoTensors(0, 96), 'overlap', 'b at', 'those of a'));
  test('that are those of another', () => refused(twoTensors(0, 0), 'overlap', 'b at'));
  test('that stand in another order than the table are read', () =>
    expect(parseGguf(twoTensors(128, 0)).tensors.map(({ name }) => name)).toEqual(['a', 'b']));
});

const twoTensors = (a: number, b: number) =>
  writeTableEntry(writeTableEntry(startGguf(2, 0), { name: 'a', offset: a }), { name: 'b', offset: b })
    .padTo(32)
    .bytes(new Uint8Array(256))
    .finish();

test('a table of more tensors than any model has is refused before it is read', () =>
  refused(startGguf(131_073, 0).bytes(new Uint8Array(33 * 131_073)), 'implausible-count', 'tensor count'));

test('a message about a long field stays short', () =>
  refused(
    writeGguf({ metadata: [['k'.repeat(60_000), { type: 'u8', value: 0 }]] }).subarray(0, -1),
    'truncated',
    'kkk…',
  ));
