import { formats, type DType } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';

/**
 * Which kernels run; the probe chooses. Numbers are `init_linear`'s.
 *
 * - `i16`: no relaxed instruction; runs everywhere
 * - `relaxed-pairs`: the engine's 8-bit dot saturates pairs of products (x86 without VNNI)
 * - `relaxed-dot-unsigned`: it is exact and reads its second operand as unsigned (x86 with VNNI)
 * - `relaxed-dot-signed`: it is exact and reads its second operand as signed (ARM)
 */
export const kernelSets = {
  i16: 0,
  'relaxed-pairs': 1,
  'relaxed-dot-unsigned': 2,
  'relaxed-dot-signed': 3,
} as const;

export type KernelSet = keyof typeof kernelSets;

/** Dtypes that repack_rows reads; others have to be decoded to f32 first. */
export type PackedDType =
  | 'f32'
  | 'f16'
  | 'bf16'
  | 'q4_0'
  | 'q4_1'
  | 'q5_0'
  | 'q5_1'
  | 'q8_0'
  | 'q2_k'
  | 'q3_k'
  | 'q4_k'
  | 'q5_k'
  | 'q6_k';

/** One way to pack 8 rows, explained in assembly/linear/layouts.ts: its number there, and the bytes 8 rows of `columns` values take. */
export interface Layout {
  readonly id: number;
  readonly columns: number;
  readonly bytes: number;
}

/** f32, for every column the 8 rows. Takes any dtype, any number. */
const f32Columns: Layout = { id: 0, columns: 1, bytes: 32 };
const f16Columns: Layout = { id: 1, columns: 1, bytes: 16 };
const bf16Columns: Layout = { id: 2, columns: 1, bytes: 16 };
const nibbles: Layout = { id: 3, columns: 32, bytes: 16 + 128 };
const nibblesMin: Layout = { id: 4, columns: 32, bytes: 32 + 128 };
const bytes: Layout = { id: 5, columns: 32, bytes: 16 + 256 };
const sixBitsMin: Layout = { id: 6, columns: 32, bytes: 32 + 192 };
const kNibbles: Layout = { id: 7, columns: 256, bytes: 64 + 8 * (16 + 128) };
const kSixBitsMin: Layout = { id: 8, columns: 256, bytes: 64 + 8 * (16 + 192) };
const kSixBits: Layout = { id: 9, columns: 256, bytes: 32 + 8 * (16 + 192) };
const kHalves: Layout = { id: 10, columns: 256, bytes: 64 + 8 * (32 + 128) };

const layoutOf: Readonly<Record<PackedDType, Layout>> = {
  f32: f32Columns,
  f16: f16Columns,
  bf16: bf16Columns,
  q4_0: nibbles,
  q4_1: nibblesMin,
  q5_0: bytes,
  q5_1: sixBitsMin,
  q8_0: bytes,
  q2_k: kHalves,
  q3_k: kHalves,
  q4_k: kNibbles,
  q5_k: kSixBitsMin,
  q6_k: kSixBits,
};

/** How a weight [rows, columns] lies in WebAssembly memory. */
export interface WeightLayout {
  /** `layout` of the kernels. */
  readonly layout: number;
  /** `dtype` of the kernels: GGUF's number of the source's dtype. */
  readonly dtype: number;
  /** Groups of 8 rows; the last may be part empty. */
  readonly groups: number;
  readonly groupBytes: number;
  /** groups · groupBytes */
  readonly byteLength: number;
}

/** Where packed weights begin. */
export const WEIGHT_ALIGNMENT = 64;

export const isPackedDType = (dtype: DType): dtype is PackedDType => dtype in layoutOf;

/**
 * @param options.wide the layout for a weight that `repack_rows` found out of range: f32, whatever the dtype
 * @throws RealizarError `unsupported-dtype` where the kernels cannot read `dtype`: decode it to f32 first; `misaligned` where a
 *   row is no whole number of blocks
 */
export function weightLayout(
  dtype: DType,
  rows: number,
  columns: number,
  options: { readonly wide?: boolean } = {},
): WeightLayout {
  if (!isPackedDType(dtype)) throw new RealizarError('unsupported-dtype', `the wasm kernels do not read ${dtype}`);
  if (columns % formats[dtype].blockSize !== 0) {
    throw new RealizarError(
      'misaligned',
      `rows of ${columns} values cannot be ${dtype}, which stores blocks of ${formats[dtype].blockSize}`,
    );
  }
  const layout = options.wide ? f32Columns : layoutOf[dtype];
  const groups = Math.ceil(rows / 8);
  const groupBytes = (columns / layout.columns) * layout.bytes;
  return { layout: layout.id, dtype: formats[dtype].ggmlType!, groups, groupBytes, byteLength: groups * groupBytes };
}
