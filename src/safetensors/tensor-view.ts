import { brief } from '../checkpoint/brief.ts';
import { RealizarError } from '../errors.ts';
import type { SafetensorsDType } from './dtypes.ts';
import type { SafetensorsTensor } from './parse.ts';

/**
 * The typed array for each dtype. What JavaScript has no array for comes as its bits: F16 and BF16 as `Uint16Array`,
 * the rest as bytes.
 */
const arrays = {
  BOOL: Uint8Array, F4: Uint8Array, F6_E2M3: Uint8Array, F6_E3M2: Uint8Array, U8: Uint8Array, I8: Int8Array,
  F8_E5M2: Uint8Array, F8_E4M3: Uint8Array, F8_E8M0: Uint8Array, F8_E4M3FNUZ: Uint8Array, F8_E5M2FNUZ: Uint8Array,
  I16: Int16Array, U16: Uint16Array, F16: Uint16Array, BF16: Uint16Array, I32: Int32Array, U32: Uint32Array,
  F32: Float32Array, C64: Float32Array, F64: Float64Array, I64: BigInt64Array, U64: BigUint64Array,
} as const satisfies Record<SafetensorsDType, unknown>; // prettier-ignore

export type TensorArray<D extends SafetensorsDType> = InstanceType<(typeof arrays)[D]>;

/**
 * The numbers of a tensor, sharing memory with `file` where its data are aligned for the array, else as a copy. Files
 * that upstream writes are aligned.
 *
 * @param file  the whole file that `tensor` was parsed from
 * @param dtype what the tensor has to be
 * @throws RealizarError `unsupported-dtype` where the tensor is of another dtype; `out-of-bounds` where `file` is not whole
 */
export function tensorView<D extends SafetensorsDType>(
  file: Uint8Array,
  tensor: SafetensorsTensor,
  dtype: D,
): TensorArray<D> {
  const { name, offset, byteLength } = tensor;
  if (tensor.dtype !== dtype)
    throw new RealizarError('unsupported-dtype', `${brief(name)} is ${tensor.dtype}, not ${dtype}`, { field: name });
  if (offset + byteLength > file.byteLength) {
    throw new RealizarError(
      'out-of-bounds',
      `${brief(name)} ends at byte ${offset + byteLength}, and the file has ${file.byteLength}`,
      { field: name, offset },
    );
  }
  const array = arrays[dtype];
  const bytes = file.subarray(offset, offset + byteLength);
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes);
  return new array(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    byteLength / array.BYTES_PER_ELEMENT,
  ) as TensorArray<D>;
}
