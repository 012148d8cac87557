import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  byteLength,
  dtypeOfGgmlType,
  dtypeOfSafetensorsName,
  dtypes,
  encodeTensor,
  formats,
} from '../../src/dtype/index.ts';

test('GGUF’s type numbers lead to their formats', () => {
  const numbers = {
    f32: 0,
    f16: 1,
    q4_0: 2,
    q4_1: 3,
    q5_0: 6,
    q5_1: 7,
    q8_0: 8,
    q2_k: 10,
    q3_k: 11,
    q4_k: 12,
    q5_k: 13,
    q6_k: 14,
    bf16: 30,
  };
  for (const [dtype, number] of Object.entries(numbers)) expect(dtypeOfGgmlType.get(number)).toBe(dtype);
  expect(dtypeOfGgmlType.get(4)).toBeUndefined();
});

test('SafeTensors’ names lead to their formats, and a quantised block has no name there', () => {
  const names = 'F64 F32 F16 BF16 F8_E4M3 F8_E5M2 I64 I32 I16 I8 U64 U32 U16 U8 BOOL'.split(' ');
  for (const name of names) expect(dtypeOfSafetensorsName.get(name)).toBe(name.toLowerCase());
  expect(dtypeOfSafetensorsName.size).toBe(names.length);
  expect(dtypeOfSafetensorsName.get('f32')).toBeUndefined();
});

test('a tensor takes as many bytes as its blocks', () => {
  fc.assert(
    fc.property(fc.constantFrom(...dtypes), fc.nat(9), fc.nat(9), fc.nat(9), (dtype, a, b, blocks) => {
      const { blockSize, blockBytes } = formats[dtype];
      expect(byteLength(dtype, [a, b, blocks * blockSize])).toBe(a * b * blocks * blockBytes);
    }),
  );
  expect(byteLength('f16', [])).toBe(2);
});

test('rows that would share a block are refused', () => {
  const misaligned = expect.objectContaining({ code: 'misaligned' });
  expect(() => byteLength('q4_0', [32, 16])).toThrow(misaligned);
  expect(() => byteLength('q6_k', [256, 128])).toThrow(misaligned);
  expect(() => byteLength('q8_0', [])).toThrow(misaligned);
});

test('formats that can only be read say so', () => {
  expect(() => encodeTensor('q4_k', new Float32Array(256))).toThrow(
    expect.objectContaining({ code: 'unsupported-dtype' }),
  );
});
