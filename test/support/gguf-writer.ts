import { ByteWriter } from './byte-writer.ts';

/** Numbers of GGUF's value types. */
export const valueTypes = {
  u8: 0, i8: 1, u16: 2, i16: 3, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9, u64: 10, i64: 11, f64: 12,
} as const; // prettier-ignore

export type GgufValue =
  | { readonly type: 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64'; readonly value: number }
  | { readonly type: 'u64' | 'i64'; readonly value: bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly element: GgufValue['type']; readonly values: readonly GgufValue[] };

export interface GgufTensorDescription {
  readonly name: string;
  readonly ggmlType: number;
  /** Slowest-first. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface GgufDescription {
  readonly version?: number;
  readonly alignment?: number;
  readonly metadata?: readonly (readonly [key: string, value: GgufValue])[];
  readonly tensors?: readonly GgufTensorDescription[];
}

/** A valid file of what is described; the last tensor is not padded, so that every cut is a loss. */
export function writeGguf(description: GgufDescription): Uint8Array<ArrayBuffer> {
  return writeGgufWithFields(description).bytes;
}

export function writeGgufWithFields(description: GgufDescription): {
  bytes: Uint8Array<ArrayBuffer>;
  fields: ByteWriter['fields'];
} {
  const { version = 3, alignment, tensors = [] } = description;
  const stated = alignment === undefined ? [] : [['general.alignment', { type: 'u32', value: alignment }] as const];
  const metadata = [...stated, ...(description.metadata ?? [])];
  const writer = startGguf(tensors.length, metadata.length, version);
  for (const [key, value] of metadata) writeEntry(writer, key, value);
  writeTensors(writer, tensors, alignment ?? 32);
  return { bytes: writer.finish(), fields: writer.fields };
}

/** Magic, version and counts; what follows is up to the test. */
export const startGguf = (tensorCount: number | bigint, metadataCount: number | bigint, version = 3): ByteWriter =>
  new ByteWriter().bytes(new TextEncoder().encode('GGUF')).u32(version).u64(tensorCount).u64(metadataCount);

export const writeEntry = (writer: ByteWriter, key: string, value: GgufValue): ByteWriter =>
  writePayload(writer.string(key).u32(valueTypes[value.type]), value);

function writePayload(writer: ByteWriter, value: GgufValue): ByteWriter {
  switch (value.type) {
    case 'bool':
      return writer.u8(value.value ? 1 : 0);
    case 'string':
      return writer.string(value.value);
    case 'u64':
      return writer.u64(value.value);
    case 'i64':
      return writer.i64(value.value);
    case 'array':
      writer.u32(valueTypes[value.element]).u64(value.values.length);
      return value.values.reduce(writePayload, writer);
    default:
      return writer[value.type](value.value);
  }
}

/** An entry of the tensor table as it stands in the file: dimensions fastest-first, offset within the data. */
export interface TableEntry {
  readonly name?: string | Uint8Array;
  readonly dims?: readonly (number | bigint)[];
  readonly rank?: number;
  readonly ggmlType?: number;
  readonly offset?: number | bigint;
}

export function writeTableEntry(
  writer: ByteWriter,
  { name = 't', dims = [32], rank = dims.length, ggmlType = 0, offset = 0 }: TableEntry,
): ByteWriter {
  writer.string(name).u32(rank);
  for (const n of dims) writer.u64(n);
  return writer.u32(ggmlType).u64(offset);
}

function writeTensors(writer: ByteWriter, tensors: readonly GgufTensorDescription[], alignment: number): void {
  let offset = 0;
  for (const { name, ggmlType, shape, data } of tensors) {
    writeTableEntry(writer, { name, dims: shape.toReversed(), ggmlType, offset });
    offset = Math.ceil((offset + data.length) / alignment) * alignment;
  }
  for (const { data } of tensors) writer.padTo(alignment).bytes(data);
}
