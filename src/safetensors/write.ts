import { RealizarError } from '../errors.ts';
import { dtypeBits, isSafetensorsDType, type SafetensorsDType } from './dtypes.ts';
import { PREFIX_BYTES } from './parse.ts';

/** A tensor to be written. */
export interface TensorToWrite {
  readonly dtype: SafetensorsDType;
  /** Slowest-first; [] is one number. */
  readonly shape: readonly number[];
  /** Little-endian, as typed arrays are. */
  readonly data: ArrayBufferView;
}

const alignmentOrder = Object.keys(dtypeBits);

/** Tensor data start at a multiple of this, so that views of 64-bit numbers need no copy. */
const ALIGNMENT = 8;

/**
 * A SafeTensors file, byte-equal with what the reference implementation writes.
 *
 * @param tensors by name
 * @throws RealizarError `invalid-argument` where data do not have the length that dtype and shape ask for
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorToWrite> | Readonly<Record<string, TensorToWrite>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const entries = [...(tensors instanceof Map ? tensors : new Map(Object.entries(tensors)))] as [
    string,
    TensorToWrite,
  ][];
  entries.forEach(([name, tensor]) => checkLength(name, tensor));
  entries.sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => alignmentOrder.indexOf(y) - alignmentOrder.indexOf(x) || (a < b ? -1 : 1),
  );

  let end = 0;
  const described = entries.map(([name, { dtype, shape, data }]) => {
    const data_offsets = [end, (end += data.byteLength)];
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets })}`;
  });
  const start = metadata === undefined ? [] : [`"__metadata__":${JSON.stringify(metadata)}`];
  return assemble(
    `{${[...start, ...described].join(',')}}`,
    end,
    entries.map(([, { data }]) => data),
  );
}

function checkLength(name: string, { dtype, shape, data }: TensorToWrite): void {
  const bytes = isSafetensorsDType(dtype) ? shape.reduce((product, n) => product * n, dtypeBits[dtype]) / 8 : NaN;
  if (bytes === data.byteLength) return;
  throw new RealizarError(
    'invalid-argument',
    `${name}: [${shape.join(', ')}] of ${dtype} take ${bytes} bytes, and its data have ${data.byteLength}`,
    { field: name },
  );
}

function assemble(json: string, dataBytes: number, parts: readonly ArrayBufferView[]): Uint8Array<ArrayBuffer> {
  const header = new TextEncoder().encode(json);
  const headerBytes = Math.ceil(header.byteLength / ALIGNMENT) * ALIGNMENT;
  const file = new Uint8Array(PREFIX_BYTES + headerBytes + dataBytes).fill(
    0x20,
    PREFIX_BYTES,
    PREFIX_BYTES + headerBytes,
  );
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(header, PREFIX_BYTES);
  let offset = PREFIX_BYTES + headerBytes;
  for (const { buffer, byteOffset, byteLength } of parts) {
    file.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  return file;
}
