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
  'f32' | 'f16' | 'bf16' | 'q4_0' | 'q4_1' | 'q5_0' | 'q5_1' | 'q8_0' | 'q2_k' | 'q3_k' | 'q4_k' | 'q5_k' | 'q6_k';

/** One way to pack 8 rows: its number in assembly/linear/layouts.ts, and the bytes that 8 rows of `columns` values take in it. */
export interface Layout {
  readonly id: number;
  readonly columns: number;
  readonly bytes: number;
}

/** f32, for every column the 8 rows. Takes any dtype, any number. */
const f32Columns: Layout = { id: 0, columns: 1, bytes: 32 };

const layoutOf: Readonly<Record<PackedDType, Layout>> = {
  f32: f32Columns,
  f16: f32Columns,
  bf16: f32Columns,
  q4_0: f32Columns,
  q4_1: f32Columns,
  q5_0: f32Columns,
  q5_1: f32Columns,
  q8_0: f32Columns,
  q2_k: f32Columns,
  q3_k: f32Columns,
  q4_k: f32Columns,
  q5_k: f32Columns,
  q6_k: f32Columns,
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
 * @throws RealizarError `unsupported-dtype` where the kernels cannot read `dtype`: decode it to f32 first
 */
export function weightLayout(dtype: DType, rows: number, columns: number, options: { readonly wide?: boolean } = {}): WeightLayout {
  if (!isPackedDType(dtype)) throw new RealizarError('unsupported-dtype', `the wasm kernels do not read ${dtype}`);
  const layout = options.wide ? f32Columns : layoutOf[dtype];
  const groups = Math.ceil(rows / 8);
  const groupBytes = (columns / layout.columns) * layout.bytes;
  return { layout: layout.id, dtype: formats[dtype].ggmlType!, groups, groupBytes, byteLength: groups * groupBytes };
}
