import type { DType } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { WeightLayout } from './layouts.ts';
import type { WasmMemory } from './memory.ts';

/** A tensor in a WebAssembly memory. */
export interface WasmTensor extends Tensor {
  readonly memory: WasmMemory;
  readonly pointer: number;
}

/** A weight [rows, columns] in a packed layout. */
export interface WasmWeight extends WasmTensor {
  readonly layout: WeightLayout;
}

export function f32Tensor(memory: WasmMemory, shape: readonly number[], pointer: number): WasmTensor {
  return { dtype: 'f32', shape, memory, pointer };
}

export function weightTensor(
  memory: WasmMemory,
  dtype: DType,
  shape: readonly number[],
  pointer: number,
  layout: WeightLayout,
): WasmWeight {
  return { dtype, shape, memory, pointer, layout };
}

/** @throws RealizarError `invalid-argument` for a tensor of another backend, or a packed weight where numbers are wanted */
export function asF32(memory: WasmMemory, tensor: Tensor, what: string): WasmTensor {
  const own = tensor as Partial<WasmWeight>;
  if (own.memory === memory && own.layout === undefined) return tensor as WasmTensor;
  throw new RealizarError('invalid-argument', `${what} is no f32 tensor of this backend`, { field: what });
}

export const isWeight = (tensor: Tensor): tensor is WasmWeight => 'layout' in tensor;

/** @throws RealizarError `invalid-argument` for what `upload` of this backend did not return */
export function asWeight(memory: WasmMemory, tensor: Tensor, what: string): WasmWeight {
  const own = tensor as Partial<WasmWeight>;
  if (own.memory === memory && own.layout !== undefined) return tensor as WasmWeight;
  throw new RealizarError('invalid-argument', `${what} is no weight of this backend`, { field: what });
}
