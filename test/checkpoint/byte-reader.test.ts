import { describe, expect, test } from 'vitest';
import { ByteReader, MoreBytesNeeded } from '../../src/checkpoint/byte-reader.ts';
import { ByteWriter } from '../support/byte-writer.ts';
import { expectRefusal, refusalWith } from '../support/refusals.ts';

const readerOf = (bytes: Uint8Array, byteLength = bytes.length) => new ByteReader(bytes, { name: 'file', byteLength });

test('numbers are read little-endian, one after another, also from the middle of a buffer', () => {
  const written = new ByteWriter()
    .u8(200)
    .u8(1)
    .i8(-2)
    .u16(60_000)
    .i16(-3)
    .u32(4e9)
    .i32(-4)
    .u64(2n ** 63n)
    .i64(-5n)
    .f32(0.5)
    .f64(Math.E)
    .finish();
  const reader = readerOf(written.subarray(1));
  expect([reader.u8('x'), reader.i8('x'), reader.u16('x'), reader.i16('x'), reader.u32('x'), reader.i32('x')]).toEqual([
    1, -2, 60_000, -3, 4e9, -4,
  ]);
  expect([reader.u64('x'), reader.i64('x'), reader.f32('x'), reader.f64('x')]).toEqual([2n ** 63n, -5n, 0.5, Math.E]);
  expect(reader.remaining).toBe(0);
});

test('a read beyond the file names field and offset', async () => {
  const reader = readerOf(new Uint8Array(5));
  reader.u8('first');
  const error = await refusalWith(() => reader.u64('second'), 'truncated', 'file', 'second', 'byte 1');
  expect(error).toMatchObject({ field: 'second', offset: 1 });
});

test('a read beyond the bytes at hand says how many are needed', () => {
  const reader = readerOf(new Uint8Array(5), 100);
  expect(() => reader.u64('x')).toThrow(MoreBytesNeeded);
  expect(() => reader.bytes(50, 'x')).toThrow(expect.objectContaining({ needed: 50 }));
});

describe('a text', () => {
  const textOf = (bytes: Uint8Array, strict: boolean) =>
    readerOf(new ByteWriter().string(bytes).finish()).string('name', 1000, strict);
  const encode = (text: string) => new TextEncoder().encode(text);

  test.each(['', 'short', 'a text of more than twenty-four letters', 'Ünïcödé', '\uFEFFmarked', '\uFEFF'.repeat(20)])(
    '%j is read as written',
    (text) => {
      expect(textOf(encode(text), true)).toBe(text);
      expect(textOf(encode(text), false)).toBe(text);
    },
  );
  test('that is not UTF-8 is refused where that matters, and else has replacement characters', async () => {
    const broken = Uint8Array.of(0x61, 0xff, 0x62);
    expect(textOf(broken, false)).toBe('a\uFFFDb');
    await expectRefusal(() => textOf(broken, true), 'bad-value', 'name', 'UTF-8');
  });
  test('is read from shared memory', () => {
    const written = new ByteWriter().string('Ünïcödé in shared memory, long enough').finish();
    const shared = new Uint8Array(new SharedArrayBuffer(written.length));
    shared.set(written);
    expect(readerOf(shared).string('name', 1000, true)).toBe('Ünïcödé in shared memory, long enough');
  });
});

test('bytes are copied to a buffer of their own', () => {
  const source = new Uint8Array(10);
  const copy = readerOf(source).bytes(8, 'x');
  source.fill(1);
  expect(copy).toEqual(new Uint8Array(8));
  expect(copy.byteOffset).toBe(0);
});
