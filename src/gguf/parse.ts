import { ByteReader, type FileExtent } from '../checkpoint/byte-reader.ts';
import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import { MAX_ALIGNMENT, MAX_METADATA_ENTRIES, MAX_TENSORS } from './limits.ts';
import { ALIGNMENT_KEY, MIN_ENTRY_BYTES, readMetadata } from './metadata.ts';
import { placeTensors, type GgufTensor } from './place-tensors.ts';
import { MIN_TENSOR_BYTES, readTensorTable } from './tensor-table.ts';

const MAGIC = 'GGUF';
const DEFAULT_ALIGNMENT = 32;

/** Everything before the tensor data. */
export interface GgufHeader {
  readonly version: number;
  readonly alignment: number;
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  /** In the table's order. */
  readonly tensors: readonly GgufTensor[];
}

export const isGguf = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && Array.from(MAGIC).every((letter, i) => bytes[i] === letter.charCodeAt(0));

/**
 * Parses the header of a GGUF file, version 2 or 3, little-endian.
 *
 * @param bytes the file, or its beginning: then `file` tells the length of the whole, and `MoreBytesNeeded` is thrown
 *   where the header goes on after `bytes`
 * @throws RealizarError with field and offset, for anything that is not a sound header
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function parseGguf(
  bytes: Uint8Array,
  file: FileExtent = { name: 'memory', byteLength: bytes.byteLength },
): GgufHeader {
  const reader = new ByteReader(bytes, file);
  const version = readVersion(reader, bytes);
  const tensorCount = reader.count('tensor count', MIN_TENSOR_BYTES, MAX_TENSORS);
  const metadataCount = reader.count('metadata count', MIN_ENTRY_BYTES, MAX_METADATA_ENTRIES);
  const metadata = readMetadata(reader, metadataCount);
  const alignment = alignmentOf(metadata, reader);
  const entries = readTensorTable(reader, tensorCount);
  const dataStart = Math.ceil(reader.offset / alignment) * alignment;
  return { version, alignment, metadata, tensors: placeTensors(reader, entries, dataStart, alignment) };
}

function readVersion(reader: ByteReader, bytes: Uint8Array): number {
  const magic = reader.u32('magic');
  if (!isGguf(bytes)) {
    const reversed = magic === 0x47475546;
    reader.fail(
      'bad-magic',
      'magic',
      reversed ? 'the file is big-endian, which is not supported' : 'this is not a GGUF file',
      0,
    );
  }
  const version = reader.u32('version');
  if (version === 2 || version === 3) return version;
  const hint =
    (version & 0xffff) === 0 && version !== 0
      ? 'is the file big-endian?'
      : 'convert the model again with a current llama.cpp';
  return reader.fail(
    'unsupported-version',
    'version',
    `GGUF version ${version}, and 2 and 3 are supported; ${hint}`,
    4,
  );
}

function alignmentOf(metadata: ReadonlyMap<string, MetadataValue>, reader: ByteReader): number {
  const value = metadata.get(ALIGNMENT_KEY) ?? DEFAULT_ALIGNMENT;
  if (typeof value === 'number' && value >= 1 && value <= MAX_ALIGNMENT && (value & (value - 1)) === 0) return value;
  return reader.fail('bad-value', ALIGNMENT_KEY, `${String(value)} is not a power of two from 1 to ${MAX_ALIGNMENT}`);
}
