import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/safetensors/write.ts';
import { expectRefusal } from '../support/refusals.ts';

const textOf = (file: Uint8Array) => new TextDecoder().decode(file);

// The three files that the tests of the reference implementation hold as bytes.
test('a file has the bytes that the reference implementation writes', () => {
  const data = Float32Array.of(0, 1, 2, 3, 4, 5);
  const aligned = writeSafetensors({ 'attn.0': { dtype: 'F32', shape: [1, 2, 3], data } });
  expect(textOf(aligned.subarray(0, 72))).toBe(
    '@\0\0\0\0\0\0\0{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}',
  );
  expect(aligned.subarray(72)).toEqual(new Uint8Array(data.buffer));
  const padded = writeSafetensors({ attn0: { dtype: 'F32', shape: [1, 1, 2, 3], data } });
  expect(textOf(padded.subarray(0, 80))).toBe(
    'H\0\0\0\0\0\0\0{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       ',
  );
  expect(padded).toHaveLength(104);
  expect(textOf(writeSafetensors({}))).toBe('\x08\0\0\0\0\0\0\0{}      ');
  expect(textOf(writeSafetensors({}, { framework: 'pt' }))).toBe(
    '(\0\0\0\0\0\0\0{"__metadata__":{"framework":"pt"}}     ',
  );
});

test('tensors of the widest dtype come first, then by name', () => {
  const file = writeSafetensors(
    new Map([
      ['byte', { dtype: 'U8', shape: [1], data: Uint8Array.of(9) }],
      ['b', { dtype: 'F32', shape: [], data: Float32Array.of(2) }],
      ['a', { dtype: 'F32', shape: [], data: Float32Array.of(1) }],
      ['wide', { dtype: 'I64', shape: [1], data: BigInt64Array.of(1n) }],
    ]),
  );
  expect([...textOf(file).matchAll(/"(\w+)":\{/g)].map(([, name]) => name)).toEqual(['wide', 'a', 'b', 'byte']);
});

test('data of a wrong length or an unknown dtype are refused', async () => {
  await expectRefusal(
    () => writeSafetensors({ t: { dtype: 'F32', shape: [2], data: Float32Array.of(1) } }),
    'invalid-argument',
    't:',
    '8 bytes',
  );
  await expectRefusal(
    () => writeSafetensors({ t: { dtype: 'Q4' as 'F4', shape: [2], data: Float32Array.of(1) } }),
    'invalid-argument',
    't:',
  );
});
