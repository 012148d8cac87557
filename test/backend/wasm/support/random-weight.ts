import type { PackedDType } from '../../../../src/backend/wasm/layouts.ts';
import { byteLength, formats } from '../../../../src/dtype/index.ts';

/** Where a block keeps its f16 scale and, behind it, its f16 minimum. */
export const scalesAt: Partial<Record<PackedDType, readonly number[]>> = {
  q4_0: [0], q4_1: [0, 2], q5_0: [0], q5_1: [0, 2], q8_0: [0], q2_k: [80, 82], q3_k: [108], q4_k: [0, 2], q5_k: [0, 2], q6_k: [208],
}; // prettier-ignore

export const packedDTypes: readonly PackedDType[] = ['f32', 'f16', 'bf16', 'q4_0', 'q4_1', 'q5_0', 'q5_1', 'q8_0', 'q2_k', 'q3_k', 'q4_k', 'q5_k', 'q6_k']; // prettier-ignore

export const quantizedDTypes = packedDTypes.filter((dtype) => dtype.startsWith('q'));

/** Random 24-bit integers, the same for the same seed. */
export function randomIntegers(seed: number): () => number {
  let state = seed | 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 8;
}

/** A weight with random quants and ordinary scales: random bits everywhere would be full of NaN and denormals. */
export function randomWeight(dtype: PackedDType, rows: number, columns: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(byteLength(dtype, [rows, columns]));
  const view = new DataView(bytes.buffer);
  const next = randomIntegers(seed);
  if (dtype === 'f32') for (let i = 0; i < bytes.length; i += 4) view.setFloat32(i, next() / 2 ** 24 - 0.5, true);
  // 0x2400 to 0x27ff as halves are 2^-6 to 2^-5; 0x3d00 to 0x3dff as bfloat16 are 0.03 to 0.12.
  else if (dtype === 'f16')
    for (let i = 0; i < bytes.length; i += 2) view.setUint16(i, 0x2400 | (next() & 0x83ff), true);
  else if (dtype === 'bf16')
    for (let i = 0; i < bytes.length; i += 2) view.setUint16(i, 0x3d00 | (next() & 0x80ff), true);
  else {
    for (let i = 0; i < bytes.length; i++) bytes[i] = next() >> 8;
    setScales(dtype, bytes, () => 0x2000 | (next() & 0x83ff));
  }
  return bytes;
}

/** Puts halves in place of all scales and minima of quantised blocks. */
export function setScales(dtype: PackedDType, bytes: Uint8Array, half: (index: number) => number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const { blockBytes } = formats[dtype];
  for (let block = 0; block < bytes.length; block += blockBytes) {
    for (const [index, at] of (scalesAt[dtype] ?? []).entries()) view.setUint16(block + at, half(index), true);
  }
}
