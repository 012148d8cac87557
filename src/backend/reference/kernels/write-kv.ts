import { byteLength, formats } from '../../../dtype/index.ts';
import type { KvDType } from '../../backend.ts';

/**
 * cache[slots[t]] = rows[t], as a cache of `dtype` remembers it
 *
 * @param cache [slots, width]: the keys or the values of a layer
 * @param rows [tokens, width]
 * @param slots [tokens]
 */
export function writeKv(cache: Float32Array, rows: Float32Array, slots: Int32Array, dtype: KvDType): void {
  const width = rows.length / slots.length;
  const stored = roundTo(dtype, rows);
  for (let t = 0; t < slots.length; t++) cache.set(stored.subarray(t * width, (t + 1) * width), slots[t]! * width);
}

function roundTo(dtype: KvDType, values: Float32Array): Float32Array {
  const { encode, decode } = formats[dtype];
  const bytes = new Uint8Array(byteLength(dtype, [values.length]));
  const rounded = new Float32Array(values.length);
  encode!(values, bytes);
  decode(bytes, rounded);
  return rounded;
}
