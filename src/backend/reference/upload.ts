import { formats } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import { countOf } from '../../tensor/tensor.ts';
import type { WeightSource } from '../backend.ts';
import { mebibytes } from '../mebibytes.ts';

/** Values decoded at a time: enough to amortise a read, small beside the weights. */
const CHUNK_VALUES = 2 ** 20;

/** Reads and decodes a weight, whatever its dtype. @throws RealizarError `out-of-memory`, and what the source throws */
export async function decodeWeight(source: WeightSource): Promise<Float32Array> {
  const { blockSize, blockBytes, decode } = formats[source.dtype];
  const values = allocate(source);
  for (let from = 0; from < values.length; from += CHUNK_VALUES) {
    const to = Math.min(from + CHUNK_VALUES, values.length);
    const bytes = await source.read((from / blockSize) * blockBytes, (to / blockSize) * blockBytes);
    decode(bytes, values.subarray(from, to));
  }
  return values;
}

/** Bytes of a weight once it is decoded. */
export function decodedBytes(shape: readonly number[]): number {
  return Float32Array.BYTES_PER_ELEMENT * countOf(shape);
}

function allocate({ name, shape }: WeightSource): Float32Array {
  const bytes = decodedBytes(shape);
  try {
    return new Float32Array(bytes / Float32Array.BYTES_PER_ELEMENT);
  } catch (cause) {
    throw new RealizarError('out-of-memory', `${name} needs ${mebibytes(bytes)} as float32; a smaller model will fit`, {
      field: name,
      cause,
    });
  }
}
