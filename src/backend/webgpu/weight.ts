import { type DType, formats } from '../../dtype/index.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Bound } from './bind-groups.ts';

/**
 * How a weight lies on the GPU: planes of which every load is aligned, in GGUF's order of bytes inside a plane. A flat index counts
 * blocks: row · blocksPerRow + block.
 *
 * | format          | quants: array<vec4u>, per block                        | scales: array<u32>                     | high: array<u32>  |
 * |-----------------|--------------------------------------------------------|----------------------------------------|-------------------|
 * | q4_0            | 1: low nibbles are elements 0-15, high ones 16-31      | two f16 `d` a word                     |                   |
 * | q8_0            | 2: 32 × i8                                             | two f16 `d` a word                     |                   |
 * | q4_1            | 1                                                      | f16 `d`, f16 `m` a block               |                   |
 * | q5_0            | 1                                                      | two f16 `d` a word                     | the 32 fifth bits |
 * | q5_1            | 1                                                      | f16 `d`, f16 `m` a block               | the 32 fifth bits |
 * | q4_k            | 9: d and dmin, 12 bytes of scales; then 8 of nibbles   |                                        |                   |
 * | q5_k            | 11: the same; then 2 of fifth bits, 8 of nibbles       |                                        |                   |
 * | q6_k            | 13: 8 of `ql`, 4 of `qh`, 1 of scales                  | two f16 `d` a word                     |                   |
 * | f16, bf16, f32  | elements in order, rows padded with zeros to 16 bytes  |                                        |                   |
 *
 * Other dtypes are brought into one of these: see `onDevice`.
 */
export type GpuFormat = 'q4_0' | 'q8_0' | 'q4_1' | 'q5_0' | 'q5_1' | 'q4_k' | 'q5_k' | 'q6_k' | 'f16' | 'bf16' | 'f32';

export type PlaneName = 'quants' | 'scales' | 'high';

/**
 * Some rows of a weight, in one buffer that can be bound whole: a kernel that takes three weights then needs three bindings of the
 * eight that every device has.
 */
export interface WeightShard {
  /** Of the weight's rows, the first that lies here, and how many. */
  readonly firstRow: number;
  readonly rows: number;
  readonly buffer: GPUBuffer;
  /** The same buffer part by part, in the order of `planesOf(format)`; where each begins says `shardLayout`. */
  readonly planes: readonly Exclude<Bound, GPUBuffer>[];
}

/** A matrix on the GPU. Row `n` of a shard lies at row `origin + n · stride` of its planes: weights can be fused with others. */
export interface GpuWeight extends Tensor {
  readonly kind: 'weight';
  readonly format: GpuFormat;
  shards: readonly WeightShard[];
  origin: number;
  stride: number;
}

/** Where a plane's bytes of one block come from; a raw plane takes the block as it is. */
interface PlaneShape {
  readonly name: PlaneName;
  /** Bytes of one block. */
  readonly bytes: number;
}

const plane = (name: PlaneName, bytes: number): PlaneShape => ({ name, bytes });

const planes: Readonly<Record<GpuFormat, readonly PlaneShape[]>> = {
  q4_0: [plane('quants', 16), plane('scales', 2)],
  q8_0: [plane('quants', 32), plane('scales', 2)],
  q4_1: [plane('quants', 16), plane('scales', 4)],
  q5_0: [plane('quants', 16), plane('scales', 2), plane('high', 4)],
  q5_1: [plane('quants', 16), plane('scales', 4), plane('high', 4)],
  q4_k: [plane('quants', 144)],
  q5_k: [plane('quants', 176)],
  q6_k: [plane('quants', 208), plane('scales', 2)],
  f16: [plane('quants', 2)],
  bf16: [plane('quants', 2)],
  f32: [plane('quants', 4)],
};

export const gpuFormats = Object.keys(planes) as readonly GpuFormat[];

export const planesOf = (format: GpuFormat): readonly PlaneShape[] => planes[format];

/** The format in which a dtype lies on the GPU: its own, or one that holds every value of it. */
export function onDevice(dtype: DType): GpuFormat {
  if (Object.hasOwn(planes, dtype)) return dtype as GpuFormat;
  return 'f32';
}

/** Bytes of one row of a plane. */
export function planeRowBytes(format: GpuFormat, columns: number, shape: PlaneShape): number {
  const bytes = (columns / formats[format].blockSize) * shape.bytes;
  return isPlain(format) ? Math.ceil(bytes / 16) * 16 : bytes;
}

/** Bindings may begin at multiples of so many bytes, on every device. */
const PLANE_ALIGNMENT = 256;

/** Where the planes of a shard lie in its buffer, in bytes. */
export function shardLayout(format: GpuFormat, rows: number, columns: number) {
  let bytes = 0;
  const parts = planes[format].map((shape) => {
    const offset = bytes;
    const size = Math.ceil((rows * planeRowBytes(format, columns, shape)) / 16) * 16;
    bytes = Math.ceil((offset + size) / PLANE_ALIGNMENT) * PLANE_ALIGNMENT;
    return { offset, size };
  });
  return { parts, bytes };
}

/** Numbers one after another, without scales. */
export const isPlain = (format: GpuFormat): boolean => formats[format].blockSize === 1;

export const isGpuWeight = (tensor: Tensor): tensor is GpuWeight => 'kind' in tensor && tensor.kind === 'weight';
