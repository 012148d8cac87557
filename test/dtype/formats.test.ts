import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTensor, type DType, dtypes, encodeTensor, formats } from '../../src/dtype/index.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';

const golden = ['f16', 'bf16', 'q4_0', 'q4_1', 'q5_0', 'q5_1', 'q8_0', 'q2_k', 'q3_k', 'q4_k', 'q5_k', 'q6_k'] as const;
const encodable = ['f16', 'bf16', 'q4_0', 'q4_1', 'q5_0', 'q5_1', 'q8_0'] as const;
const blocked = golden.filter((dtype) => formats[dtype].blockSize > 1);

/** Bits, so that -0 is not 0. */
const bitsOf = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

const bytesOf = (file: string) => new Uint8Array(readFileSync(sharedPath(`reference/dtype/${file}`)));
const floatsOf = (file: string) => new Float32Array(bytesOf(file).buffer);

describeWithInputs('against ggml', [sharedPath('reference/dtype')], () => {
  test.each(golden)('%s decodes ggml’s blocks to the same floats', (dtype) => {
    const name = dtype.toUpperCase();
    expect(bitsOf(decodeTensor(dtype, bytesOf(`${name}.bin`))).equals(bitsOf(floatsOf(`${name}.f32`)))).toBe(true);
  });

  test.each(blocked)('%s decodes random blocks to the same floats', (dtype) => {
    const name = dtype.toUpperCase();
    expect(bitsOf(decodeTensor(dtype, bytesOf(`${name}.any.bin`))).equals(bitsOf(floatsOf(`${name}.any.f32`)))).toBe(
      true,
    );
  });

  test.each(encodable)('%s encodes to the same bytes', (dtype) => {
    const ours = encodeTensor(dtype, floatsOf('values.f32'));
    expect(Buffer.compare(ours, bytesOf(`${dtype.toUpperCase()}.bin`))).toBe(0);
  });
});

/** Largest |x - decode(encode(x))| in a block, from the widest step that the format can take. */
const errorBound: Record<(typeof encodable)[number], (absMax: number, span: number) => number> = {
  f16: (absMax) => absMax * 2 ** -11 + 2 ** -25,
  bf16: (absMax) => absMax * 2 ** -8,
  q4_0: (absMax) => absMax / 8 + scaleError(absMax, 8), //    +7 stands for +8
  q4_1: (absMax, span) => span / 30 + scaleError(span, 15) + scaleError(absMax, 1),
  q5_0: (absMax) => absMax / 16 + scaleError(absMax, 16), //  +15 stands for +16
  q5_1: (absMax, span) => span / 62 + scaleError(span, 31) + scaleError(absMax, 1),
  q8_0: (absMax) => absMax / 254 + scaleError(absMax, 127),
};

/** What rounding the scale to f16 costs the largest value, and float32 arithmetic its last bits. */
const scaleError = (size: number, steps: number) => size * 2 ** -10 + steps * 2 ** -24;

describe.each(encodable)('%s', (dtype) => {
  const blocks = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), { minLength: 32, maxLength: 32 });

  test('decoding what was encoded stays within half a step', () => {
    fc.assert(
      fc.property(blocks, (block) => {
        const values = Float32Array.from(block);
        const decoded = decodeTensor(dtype, encodeTensor(dtype, values));
        const bound = errorBound[dtype](Math.max(...values.map(Math.abs)), Math.max(...values) - Math.min(...values));
        values.forEach((value, i) => expect(Math.abs(value - decoded[i]!)).toBeLessThanOrEqual(bound));
      }),
    );
  });

  test('zeros stay zeros', () => {
    expect(decodeTensor(dtype, encodeTensor(dtype, new Float32Array(64))).every((value) => value === 0)).toBe(true);
  });
});

test('f32 passes bits through, both ways and at any byte offset', () => {
  fc.assert(
    fc.property(fc.array(fc.float(), { maxLength: 20 }), (array) => {
      const values = Float32Array.from(array);
      const shifted = new Uint8Array(values.byteLength + 1).subarray(1);
      formats.f32.encode!(values, shifted);
      expect(bitsOf(decodeTensor('f32', shifted)).equals(bitsOf(values))).toBe(true);
    }),
  );
});

test.each(blocked)('%s: a block of zero bytes is a block of zeros', (dtype) => {
  const { blockBytes, blockSize } = formats[dtype];
  const zeros = decodeTensor(dtype, new Uint8Array(3 * blockBytes));
  expect(zeros).toHaveLength(3 * blockSize);
  expect(zeros.every((value) => value === 0)).toBe(true);
});

test.each(dtypes)('%s: bytes that are no whole blocks, or values of another count, are refused', (dtype) => {
  const { blockBytes, blockSize, decode, encode } = formats[dtype];
  const badLength = expect.objectContaining({ code: 'bad-length' });
  const refuses = (bytes: number, values: number) => {
    expect(() => decode(new Uint8Array(bytes), new Float32Array(values))).toThrow(badLength);
    if (encode) expect(() => encode(new Float32Array(values), new Uint8Array(bytes))).toThrow(badLength);
  };
  fc.assert(
    fc.property(fc.nat(3), fc.integer({ min: 1, max: 3 }), (blocks, more) => {
      refuses(blocks * blockBytes, (blocks + more) * blockSize);
      refuses((blocks + more) * blockBytes, blocks * blockSize);
      if (blockBytes > 1) refuses(blocks * blockBytes + 1, blocks * blockSize);
    }),
  );
});

const plain: readonly [DType, ArrayBufferView, number[]][] = [
  ['f64', Float64Array.of(-0.5, 1e300), [-0.5, Infinity]],
  ['i8', Int8Array.of(-128, 127), [-128, 127]],
  ['i16', Int16Array.of(-32768, 7), [-32768, 7]],
  ['i32', Int32Array.of(-(2 ** 31), 7), [-(2 ** 31), 7]],
  ['i64', BigInt64Array.of(-(2n ** 63n), 7n), [-(2 ** 63), 7]],
  ['u8', Uint8Array.of(0, 255), [0, 255]],
  ['u16', Uint16Array.of(0, 65535), [0, 65535]],
  ['u32', Uint32Array.of(0, 2 ** 31), [0, 2 ** 31]],
  ['u64', BigUint64Array.of(0n, 2n ** 63n), [0, 2 ** 63]],
  ['bool', Uint8Array.of(0, 1, 255), [0, 1, 1]],
  // From the tables of Micikevicius et al. 2022: largest, smallest normal, smallest denormal, special values.
  ['f8_e4m3', Uint8Array.of(0x7e, 0x08, 0x01, 0xb8, 0x7f, 0xff), [448, 2 ** -6, 2 ** -9, -1, Number.NaN, Number.NaN]],
  [
    'f8_e5m2',
    Uint8Array.of(0x7b, 0x04, 0x01, 0xbc, 0x7c, 0xfc, 0x7d),
    [57344, 2 ** -14, 2 ** -16, -1, Infinity, -Infinity, Number.NaN],
  ],
];

test.each(plain)('%s reads its numbers, rounded to f32', (dtype, array, numbers) => {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  expect([...decodeTensor(dtype, bytes)]).toEqual(numbers.map(Math.fround));
});
