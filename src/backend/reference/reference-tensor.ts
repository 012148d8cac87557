import { RealizarError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { KvDType, KvLayer } from '../backend.ts';

/** A tensor whose numbers lie in a plain array; undefined once its scope has ended. */
export interface ReferenceTensor extends Tensor {
  readonly dtype: 'f32';
  data: Float32Array | undefined;
}

/** Keys and values of one layer, both [slots, numKvHeads · headDim], rounded to what their dtype can hold. */
export interface ReferenceKvLayer extends KvLayer {
  readonly dtype: KvDType;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/**
 * The numbers of a tensor.
 * @throws RealizarError `invalid-argument` for another backend's tensor, or one whose scope has ended
 */
export function dataOf(tensor: Tensor): Float32Array {
  if (isReferenceTensor(tensor) && tensor.data) return tensor.data;
  throw new RealizarError(
    'invalid-argument',
    `a tensor [${tensor.shape.join(', ')}] was used after its scope had ended, or belongs to another backend`,
  );
}

/** The arrays of a cache layer. @throws RealizarError `invalid-argument` for another backend's cache */
export function cacheOf(layer: KvLayer): ReferenceKvLayer {
  if (isReferenceLayer(layer)) return layer;
  throw new RealizarError('invalid-argument', `the cache of layer ${layer.layer} belongs to another backend`);
}

const isReferenceTensor = (tensor: Tensor): tensor is ReferenceTensor => 'data' in tensor;
const isReferenceLayer = (layer: KvLayer): layer is ReferenceKvLayer => 'keys' in layer && 'values' in layer;
