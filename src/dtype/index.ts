import { RealizarError } from '../errors.ts';
import { bf16 } from './bf16.ts';
import { f16 } from './f16.ts';
import { f32 } from './f32.ts';
import { f8_e4m3, f8_e5m2 } from './f8.ts';
import type { Format } from './format.ts';
import { bool, f64, i16, i32, i64, i8, u16, u32, u64, u8 } from './plain.ts';
import { q2_k } from './q2_k.ts';
import { q3_k } from './q3_k.ts';
import { q4_0 } from './q4_0.ts';
import { q4_1 } from './q4_1.ts';
import { q4_k } from './q4_k.ts';
import { q5_0 } from './q5_0.ts';
import { q5_1 } from './q5_1.ts';
import { q5_k } from './q5_k.ts';
import { q6_k } from './q6_k.ts';
import { q8_0 } from './q8_0.ts';

const list = {
  f32,
  f16,
  bf16,
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  f64,
  f8_e4m3,
  f8_e5m2,
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  bool,
} satisfies Record<string, Format>;

/** The name of a way to store numbers. */
export type DType = keyof typeof list;

/** Every format realizar reads. To add one: write its file, name it in the list above. */
export const formats: Readonly<Record<DType, Format>> = list;

export const dtypes = Object.keys(list) as readonly DType[];

/** DType of a number in GGUF's tensor table. */
export const dtypeOfGgmlType: ReadonlyMap<number, DType> = new Map(
  dtypes.flatMap((dtype) => (formats[dtype].ggmlType === undefined ? [] : [[formats[dtype].ggmlType, dtype] as const])),
);

/** DType of a name in a SafeTensors header. */
export const dtypeOfSafetensorsName: ReadonlyMap<string, DType> = new Map(
  dtypes.flatMap((dtype) =>
    formats[dtype].safetensorsName === undefined ? [] : [[formats[dtype].safetensorsName, dtype] as const],
  ),
);

/**
 * Bytes of a tensor at rest. Blocks never cross rows.
 *
 * @param shape slowest-first; [] is one number
 * @throws RealizarError `misaligned` where a row is no whole number of blocks
 */
export function byteLength(dtype: DType, shape: readonly number[]): number {
  const { blockSize, blockBytes } = formats[dtype];
  const width = shape.at(-1) ?? 1;
  if (width % blockSize !== 0) {
    throw new RealizarError(
      'misaligned',
      `rows of ${width} values cannot be ${dtype}, which stores blocks of ${blockSize}`,
    );
  }
  return (shape.reduce((product, n) => product * n, 1) / blockSize) * blockBytes;
}

/**
 * The numbers of whole blocks, as f32.
 *
 * @throws RealizarError `bad-length` where `bytes` is no whole number of blocks
 */
export function decodeTensor(dtype: DType, bytes: Uint8Array): Float32Array {
  const { blockSize, blockBytes, decode } = formats[dtype];
  const values = new Float32Array(Math.floor(bytes.length / blockBytes) * blockSize);
  decode(bytes, values);
  return values;
}

/**
 * The bytes of `values` in another format.
 *
 * @throws RealizarError `bad-length` | `unsupported-dtype` where the format can only be read
 */
export function encodeTensor(dtype: DType, values: Float32Array): Uint8Array {
  const { blockSize, blockBytes, encode } = formats[dtype];
  if (!encode) throw new RealizarError('unsupported-dtype', `${dtype} can be read and not written`);
  const bytes = new Uint8Array(Math.floor(values.length / blockSize) * blockBytes);
  encode(values, bytes);
  return bytes;
}
