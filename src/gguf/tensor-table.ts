import type { ByteReader } from '../checkpoint/byte-reader.ts';
import type { TensorInfo } from '../checkpoint/checkpoint.ts';
import { byteLength, dtypeOfGgmlType, dtypes, formats, type DType } from '../dtype/index.ts';
import { MAX_DIMENSION, MAX_DIMENSIONS, MAX_TENSOR_NAME_BYTES } from './limits.ts';
import { foreignTypeNames } from './foreign-types.ts';

/** A tensor and where its data start, in bytes from the start of the tensor data. */
export interface TableEntry extends TensorInfo {
  readonly dataOffset: bigint;
  /** Where the entry itself stands in the header, for messages. */
  readonly entryOffset: number;
}

/** Fewest bytes of an entry: name's length and one letter, number of dimensions, one dimension, type, offset. */
export const MIN_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

/**
 * Reads `count` entries; where their data lie is checked by `placeTensors`, when the end of the header is known.
 * @throws RealizarError `bad-length` | `bad-value` | `duplicate-name` | `unknown-type` | `misaligned` | `truncated`
 */
export function readTensorTable(reader: ByteReader, count: number): TableEntry[] {
  const entries: TableEntry[] = [];
  const names = new Set<string>();
  for (let i = 0; i < count; i++) {
    const entryOffset = reader.offset;
    const name = readName(reader, `name of tensor ${i}`);
    if (names.has(name)) reader.fail('duplicate-name', name, 'this tensor stands twice in the table', entryOffset);
    names.add(name);
    const shape = readShape(reader, name);
    const dtype = readDType(reader, name, shape);
    const dataOffset = reader.u64(name);
    entries.push({ name, dtype, shape, byteLength: byteLength(dtype, shape), dataOffset, entryOffset });
  }
  return entries;
}

function readName(reader: ByteReader, field: string): string {
  const start = reader.offset;
  const name = reader.string(field, MAX_TENSOR_NAME_BYTES, true);
  if (name === '') reader.fail('bad-length', field, 'it is empty', start);
  // Names end up in messages, and with some tools in paths.
  if (/\p{Cc}|\.\.[/\\]/u.test(name))
    reader.fail('bad-value', field, 'it has control characters or leads out of a folder', start);
  return name;
}

/** GGUF lists the fastest dimension first; realizar the slowest. */
function readShape(reader: ByteReader, field: string): number[] {
  const start = reader.offset;
  const rank = reader.u32(field);
  if (rank < 1 || rank > MAX_DIMENSIONS)
    reader.fail('bad-value', field, `${rank} dimensions, and 1 to ${MAX_DIMENSIONS} are possible`, start);
  const dimensions = Array.from({ length: rank }, () => readDimension(reader, field));
  if (!Number.isSafeInteger(dimensions.reduce((product, n) => product * n, 1))) {
    reader.fail('out-of-bounds', field, `${dimensions.join(' x ')} numbers are more than any file holds`, start);
  }
  return dimensions.toReversed();
}

function readDimension(reader: ByteReader, field: string): number {
  const start = reader.offset;
  const value = reader.u64(field);
  if (value < 1n || value > BigInt(MAX_DIMENSION))
    reader.fail('bad-value', field, `a dimension of ${value} is not from 1 to ${MAX_DIMENSION}`, start);
  return Number(value);
}

function readDType(reader: ByteReader, field: string, shape: readonly number[]): DType {
  const start = reader.offset;
  const type = reader.u32(field);
  const dtype = dtypeOfGgmlType.get(type);
  if (dtype === undefined) return reader.fail('unknown-type', field, unknownType(type), start);
  const width = shape.at(-1)!;
  const { blockSize } = formats[dtype];
  if (width % blockSize !== 0) {
    reader.fail(
      'misaligned',
      field,
      `rows of ${width} numbers cannot be ${dtype.toUpperCase()}, which stores blocks of ${blockSize}`,
      start,
    );
  }
  return dtype;
}

function unknownType(type: number): string {
  const name = foreignTypeNames.get(type);
  const known = dtypes.filter((dtype) => formats[dtype].ggmlType !== undefined).map((dtype) => dtype.toUpperCase());
  const found =
    name === undefined ? `tensor type ${type} is unknown` : `tensor type ${type} (${name}) is not supported`;
  return `${found}; take a file in one of ${known.join(', ')}`;
}
