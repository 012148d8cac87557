import { RealizarError } from '../../errors.ts';
import type { KvDType, KvLayer, KvShape } from '../backend.ts';
import type { Gpu } from './gpu.ts';

/** What one lane of shaders/plain/attention.wgsl can add up. */
const MAX_HEAD_DIM = 512;

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
  const dtype = dtypeOf(shape, usual);
  const positions = shape.numBlocks * shape.blockSize;
  const bytes = kvCacheBytes(shape, usual) / (2 * shape.numLayers);
  const what = `the kv cache of ${positions} positions`;
  if (bytes > gpu.facts.limits.maxStorageBufferBindingSize) {
    throw new RealizarError('out-of-memory', `${what} is larger than this GPU's buffers; ask for a shorter context`, {
      field: 'contextLength',
    });
  }
  return Array.from({ length: shape.numLayers }, (_, layer) => {
    return { layer, gpu, shape, dtype, keys: gpu.allocate(bytes, what), values: gpu.allocate(bytes, what) };
  });
}

/**
 * @returns a layer that the kernels can attend in
 * @throws RealizarError `invalid-argument`
 */
export function asKvLayer(gpu: Gpu, cache: KvLayer): GpuKvLayer {
  const layer = cache as GpuKvLayer;
  if (layer.gpu !== gpu) throw new RealizarError('invalid-argument', 'the kv cache is not of this backend');
  const { headDim } = layer.shape;
  if (headDim <= MAX_HEAD_DIM) return layer;
  throw new RealizarError('invalid-argument', `heads of ${headDim} numbers are more than ${MAX_HEAD_DIM}`);
}

/** Bytes of all layers. @throws RealizarError `invalid-argument` */
export function kvCacheBytes(shape: KvShape, usual: KvDType): number {
  const { numLayers, numKvHeads, headDim, numBlocks, blockSize } = shape;
  return 2 * numLayers * numBlocks * blockSize * numKvHeads * headDim * (dtypeOf(shape, usual) === 'f16' ? 2 : 4);
}

/** How such a cache is stored. @throws RealizarError `invalid-argument` */
export function dtypeOf({ dtype, headDim }: KvShape, usual: KvDType): 'f32' | 'f16' {
  const wanted = dtype ?? usual;
  if (wanted === 'q8_0') {
    throw new RealizarError('invalid-argument', 'webgpu keeps keys and values as f32 or f16, not as q8_0', {
      field: 'kvCacheType',
    });
  }
  // Two halves share a word.
  return wanted === 'f16' && headDim % 2 === 0 ? 'f16' : 'f32';
}
