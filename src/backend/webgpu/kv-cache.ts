import { RealizarError } from '../../errors.ts';
import type { KvDType, KvLayer, KvShape } from '../backend.ts';
import type { Gpu } from './gpu.ts';

/** Keys and values of one layer, each [slot][kv head][head dim]. */
export interface GpuKvLayer extends KvLayer {
  readonly gpu: Gpu;
  readonly shape: KvShape;
  readonly dtype: 'f32' | 'f16';
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
}

/** @throws RealizarError `out-of-memory` | `invalid-argument` */
export function createKvCache(gpu: Gpu, shape: KvShape, usual: KvDType): readonly GpuKvLayer[] {
  const { numLayers, numKvHeads, headDim, numBlocks, blockSize } = shape;
  const wanted = shape.dtype ?? usual;
  if (wanted === 'q8_0') {
    throw new RealizarError('invalid-argument', 'webgpu keeps keys and values as f32 or f16, not as q8_0', {
      field: 'dtype',
    });
  }
  // Two halves share a word.
  const dtype = wanted === 'f16' && headDim % 2 === 0 ? 'f16' : 'f32';
  const positions = numBlocks * blockSize;
  const bytes = positions * numKvHeads * headDim * (dtype === 'f16' ? 2 : 4);
  const what = `the kv cache of ${positions} positions`;
  if (bytes > gpu.facts.limits.maxStorageBufferBindingSize) {
    throw new RealizarError('out-of-memory', `${what} is larger than this GPU's buffers; ask for a shorter context`, {
      field: 'contextLength',
    });
  }
  return Array.from({ length: numLayers }, (_, layer) => {
    return { layer, gpu, shape, dtype, keys: gpu.allocate(bytes, what), values: gpu.allocate(bytes, what) };
  });
}
