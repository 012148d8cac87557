import { RealizarError } from '../../errors.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
import type { Gpu } from './gpu.ts';
import type { GpuFormat } from './weight.ts';

/** f32 numbers [rows, width] or [length] in a buffer of their own. */
export interface GpuTensor extends Tensor {
  readonly dtype: 'f32';
  readonly gpu: Gpu;
  readonly buffer: GPUBuffer;
  /** Once its scope has ended, its buffer belongs to others. */
  isOver: boolean;
}

/** Some rows of a weight, in a buffer that can be bound whole. */
export interface WeightShard {
  readonly firstRow: number;
  readonly rows: number;
  readonly buffer: GPUBuffer;
  /** Where planes 1, 2 and 3 begin, in units of 16 bytes; 0 for those that the format lacks. */
  readonly planes: readonly [plane1: number, plane2: number, plane3: number];
}

/** A matrix [rows, columns] as `weight.ts` describes. */
export interface GpuWeight extends Tensor {
  readonly gpu: Gpu;
  readonly format: GpuFormat;
  readonly shards: readonly WeightShard[];
}

/** @param take gives a buffer of at least so many bytes */
export function numbersIn(gpu: Gpu, shape: readonly number[], take: (bytes: number) => GPUBuffer): GpuTensor {
  return { dtype: 'f32', shape, gpu, buffer: take(4 * countOf(shape)), isOver: false };
}

/** @throws RealizarError `invalid-argument` for another backend's tensor, for a matrix of weights, and after its scope has ended */
export function asNumbers(gpu: Gpu, tensor: Tensor, what: string): GpuTensor {
  const own = tensor as Partial<GpuTensor>;
  if (own.gpu !== gpu || own.buffer === undefined) throw notOurs(what, 'is no f32 tensor of this backend');
  if (own.isOver) throw notOurs(what, 'was used after its scope had ended');
  return tensor as GpuTensor;
}

/** @throws RealizarError `invalid-argument` for what `upload` of this backend did not return */
export function asWeight(gpu: Gpu, tensor: Tensor, what: string): GpuWeight {
  const own = tensor as Partial<GpuWeight>;
  if (own.gpu === gpu && own.shards !== undefined) return tensor as GpuWeight;
  throw notOurs(what, 'is no weight of this backend');
}

export const isGpuWeight = (tensor: Tensor): tensor is GpuWeight => 'shards' in tensor;

const notOurs = (what: string, why: string) => new RealizarError('invalid-argument', `${what} ${why}`, { field: what });
