import { describe, expect, test } from 'vitest';
import { parseSafetensorsHeader } from '../../src/safetensors/parse.ts';
import { tensorView } from '../../src/safetensors/tensor-view.ts';
import { writeSafetensors } from '../../src/safetensors/write.ts';
import { expectRefusal } from '../support/refusals.ts';
import { writeRawSafetensors } from '../support/safetensors-writer.ts';

const file = writeSafetensors({
  coefficients: { dtype: 'F32', shape: [3], data: Float32Array.of(2, 3, 1.5) },
  intercept: { dtype: 'F32', shape: [1], data: Float32Array.of(0.5) },
  counts: { dtype: 'I64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) },
  halves: { dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3f80, 0x4000) },
  flags: { dtype: 'BOOL', shape: [2], data: Uint8Array.of(1, 0) },
});
const { tensors } = parseSafetensorsHeader(file);

describe('a view', () => {
  test('has the numbers of the tensor and shares the memory of the file', () => {
    const coefficients = tensorView(file, tensors.get('coefficients')!, 'F32');
    const intercept = tensorView(file, tensors.get('intercept')!, 'F32');
    expect(coefficients).toEqual(Float32Array.of(2, 3, 1.5));
    expect(coefficients.buffer).toBe(file.buffer);
    const prediction = [1, 2, 3].reduce((sum, x, i) => sum + coefficients[i]! * x, intercept[0]!);
    expect(prediction).toBe(13);
  });

  test('is of the array that fits the dtype', () => {
    expect(tensorView(file, tensors.get('counts')!, 'I64')).toEqual(BigInt64Array.of(-1n, 2n ** 62n));
    expect(tensorView(file, tensors.get('halves')!, 'BF16')).toEqual(Uint16Array.of(0x3f80, 0x4000));
    expect(tensorView(file, tensors.get('flags')!, 'BOOL')).toEqual(Uint8Array.of(1, 0));
  });

  test('is a copy where the data are not aligned', () => {
    const odd = writeRawSafetensors(
      '{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} ',
      new Uint8Array(Float32Array.of(7).buffer),
    );
    const tensor = parseSafetensorsHeader(odd).tensors.get('t')!;
    expect(tensor.offset % 4).not.toBe(0);
    const view = tensorView(odd, tensor, 'F32');
    expect(view).toEqual(Float32Array.of(7));
    expect(view.buffer).not.toBe(odd.buffer);
  });

  test('is aligned by its place in memory, not in the file', () => {
    const shifted = new Uint8Array(file.length + 1).subarray(1);
    shifted.set(file);
    expect(tensorView(shifted, tensors.get('coefficients')!, 'F32')).toEqual(Float32Array.of(2, 3, 1.5));
  });

  test('of another dtype is refused', () =>
    expectRefusal(
      () => tensorView(file, tensors.get('counts')!, 'F32'),
      'unsupported-dtype',
      'counts is I64, not F32',
    ));
  test('of a file that is cut is refused', () =>
    expectRefusal(() => tensorView(file.subarray(0, -1), tensors.get('flags')!, 'BOOL'), 'out-of-bounds', 'flags'));
});
