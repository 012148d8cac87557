import { type DType, formats } from '../../dtype/index.ts';

/**
 * How a weight lies on the GPU: planes one after another in one buffer, so that every load is aligned and a kernel can bind several
 * weights. Planes begin at multiples of 16 bytes; inside a plane the blocks of all rows follow one another, with GGUF's bytes.
 *
 * | format         | planes, by what they hold of a block                                                          |
 * |----------------|------------------------------------------------------------------------------------------------|
 * | q4_0, q4_1     | 16 bytes of quants (low nibbles are elements 0-15) · f16 scale, of q4_1 f16 scale and f16 low   |
 * | q5_0, q5_1     | 16 bytes of low nibbles · 32 fifth bits · f16 scale, of q5_1 f16 scale and f16 low              |
 * | q8_0           | 32 bytes of quants · f16 scale                                                                  |
 * | q4_k, q5_k     | the block as it is: 144 and 176 bytes                                                           |
 * | q6_k           | 128 bytes of low nibbles · 64 bytes of high bits · 16 scales · f16 scale                        |
 * | f16, bf16, f32 | elements in order; rows are filled with zeros to whole blocks of 32                             |
 */
export type GpuFormat = 'f32' | 'f16' | 'bf16' | 'q4_0' | 'q4_1' | 'q5_0' | 'q5_1' | 'q8_0' | 'q4_k' | 'q5_k' | 'q6_k';

/** A part of every block: where it lies in the file, and how long it is. */
export interface Plane {
  readonly offset: number;
  /** 2, or a multiple of 4. */
  readonly bytes: number;
}

/** Elements that kernels take at a time; rows of plain numbers are filled up to it. */
export const UNIT = 32;

const plane = (offset: number, bytes: number): Plane => ({ offset, bytes });

const planes: Readonly<Record<GpuFormat, readonly Plane[]>> = {
  f32: [plane(0, 4)],
  f16: [plane(0, 2)],
  bf16: [plane(0, 2)],
  q4_0: [plane(2, 16), plane(0, 2)],
  q4_1: [plane(4, 16), plane(0, 4)],
  q5_0: [plane(6, 16), plane(2, 4), plane(0, 2)],
  q5_1: [plane(8, 16), plane(4, 4), plane(0, 4)],
  q8_0: [plane(2, 32), plane(0, 2)],
  q4_k: [plane(0, 144)],
  q5_k: [plane(0, 176)],
  q6_k: [plane(0, 128), plane(128, 64), plane(192, 16), plane(208, 2)],
};

export const gpuFormats = Object.keys(planes) as readonly GpuFormat[];

export const planesOf = (format: GpuFormat): readonly Plane[] => planes[format];

/** Whether blocks arrive as they lie in the file, without a shader that takes them apart. */
export const isRaw = (format: GpuFormat): boolean => planes[format].length === 1;

/** Blocks of one row on the GPU. */
export function blocksPerRow(format: GpuFormat, columns: number): number {
  const { blockSize } = formats[format];
  return blockSize === 1 ? Math.ceil(columns / UNIT) * UNIT : columns / blockSize;
}

/**
 * The format in which a dtype lies on the GPU: its own, or one that holds every value of it. q3_k becomes q6_k, which has the same
 * scales and more bits; q2_k has lows for every 16 elements, as nothing else has, and becomes numbers.
 */
export function formatOnGpu(dtype: DType): GpuFormat {
  if (Object.hasOwn(planes, dtype)) return dtype as GpuFormat;
  if (dtype === 'q3_k') return 'q6_k';
  return dtype === 'f8_e4m3' || dtype === 'f8_e5m2' ? 'f16' : 'f32';
}

/** Where each plane of so many rows begins, in units of 16 bytes; at last, where the last one ends. */
export function planeOffsets(format: GpuFormat, rows: number, columns: number): readonly number[] {
  const blocks = rows * blocksPerRow(format, columns);
  const offsets = [0];
  for (const { bytes } of planes[format]) offsets.push(offsets.at(-1)! + Math.ceil((blocks * bytes) / 16));
  return offsets;
}
