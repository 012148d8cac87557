import { ByteReader, type FileExtent } from '../checkpoint/byte-reader.ts';
import { brief } from '../checkpoint/brief.ts';
import { isObject, parseJsonObject, type JsonValue } from '../checkpoint/json.ts';
import { dtypeBits, isSafetensorsDType, type SafetensorsDType } from './dtypes.ts';
import { MAX_HEADER_BYTES, MAX_HEADER_DEPTH, MAX_HEADER_VALUES, MAX_RANK, MAX_TENSORS } from './limits.ts';

/** Bytes before the header: its length, u64. */
export const PREFIX_BYTES = 8;
const METADATA_KEY = '__metadata__';
const OPEN_OBJECT = 0x7b;

/** One tensor of a file. */
export interface SafetensorsTensor {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  /** Slowest-first; [] is one number. */
  readonly shape: readonly number[];
  readonly byteLength: number;
  /** Where its data start, in bytes from the start of the file. */
  readonly offset: number;
}

export interface SafetensorsHeader {
  /** Texts that whoever wrote the file left, often `format: pt`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order of their data. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

/** Length of the JSON text after the prefix. @throws RealizarError `truncated` | `bad-length` | `limit-exceeded` */
export function headerLength(prefix: Uint8Array, file: FileExtent): number {
  const reader = new ByteReader(prefix, file);
  const length = reader.u64('header length');
  if (length > BigInt(reader.remaining) || length < 2n) {
    reader.fail(
      'bad-length',
      'header length',
      `a header of ${length} bytes is announced in a file of ${file.byteLength}: this is not a SafeTensors file, or it is incomplete`,
      0,
    );
  }
  if (length > BigInt(MAX_HEADER_BYTES))
    reader.fail(
      'limit-exceeded',
      'header length',
      `a header of ${length} bytes, and at most ${MAX_HEADER_BYTES} are allowed`,
      0,
    );
  return Number(length);
}

/**
 * Parses the header of a SafeTensors file as strictly as the reference implementation: the data of the tensors follow
 * one another without holes or overlaps, and end where the file ends.
 *
 * @param bytes the file, or at least its header; then `file` tells the length of the whole
 * @throws RealizarError naming the tensor, for anything that is not a sound header
 * @see https://github.com/huggingface/safetensors#format
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  file: FileExtent = { name: 'memory', byteLength: bytes.byteLength },
): SafetensorsHeader {
  const length = headerLength(bytes, file);
  const reader = new ByteReader(bytes, file);
  reader.offset = PREFIX_BYTES;
  const text = reader.view(length, 'header');
  if (text[0] !== OPEN_OBJECT) reader.fail('bad-json', 'header', 'it does not start with {', PREFIX_BYTES);
  const limits = {
    name: file.name,
    offset: PREFIX_BYTES,
    maxBytes: MAX_HEADER_BYTES,
    maxDepth: MAX_HEADER_DEPTH,
    maxValues: MAX_HEADER_VALUES,
    maxKeys: MAX_TENSORS + 1, // one may be __metadata__
  };
  const entries = Object.entries(parseJsonObject(text, limits));

  const metadata = readMetadata(reader, entries.find(([name]) => name === METADATA_KEY)?.[1]);
  const tensors = entries
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, value]) => readTensor(reader, name, value));
  // By start, then by end: a tensor of no bytes stands before the one that starts where it does.
  tensors.sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  checkContiguous(reader, tensors, PREFIX_BYTES + length);
  return { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

function readMetadata(reader: ByteReader, value: JsonValue | undefined): Map<string, string> {
  if (value === undefined) return new Map();
  if (!isObject(value)) return reader.fail('bad-value', METADATA_KEY, 'it has to be an object', PREFIX_BYTES);
  return new Map(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== 'string')
        return reader.fail('bad-value', `${METADATA_KEY}.${key}`, 'it has to be text', PREFIX_BYTES);
      return [key, text];
    }),
  );
}

function readTensor(reader: ByteReader, name: string, value: JsonValue | undefined): SafetensorsTensor {
  const fail = (code: Parameters<ByteReader['fail']>[0], reason: string) =>
    reader.fail(code, name, reason, PREFIX_BYTES);
  if (!isObject(value)) return fail('bad-value', 'a tensor has to be described by an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isSafetensorsDType(dtype))
    return fail(
      'unknown-type',
      `${typeof dtype === 'string' ? brief(dtype) : 'what it says'} is no dtype of SafeTensors`,
    );
  if (!isCounts(shape) || shape.length > MAX_RANK)
    return fail('bad-value', `its shape has to be a list of at most ${MAX_RANK} whole numbers from 0`);
  if (!isCounts(offsets) || offsets.length !== 2)
    return fail('bad-value', 'its data_offsets have to be two whole numbers from 0');

  const [start, end] = offsets as [number, number];
  if (end < start) return fail('out-of-bounds', `its data end at ${end}, before they start at ${start}`);
  const bits = shape.reduce((product, n) => (Number.isSafeInteger(product) ? product * n : product), dtypeBits[dtype]);
  if (!Number.isSafeInteger(bits))
    return fail('out-of-bounds', `[${shape.join(', ')}] numbers are more than any file holds`);
  if (bits % 8 !== 0)
    return fail('misaligned', `[${shape.join(', ')}] numbers of ${dtypeBits[dtype]} bits are no whole number of bytes`);
  if (end - start !== bits / 8)
    return fail(
      'bad-length',
      `[${shape.join(', ')}] of ${dtype} take ${bits / 8} bytes, and its data_offsets span ${end - start}`,
    );
  return { name, dtype, shape, byteLength: end - start, offset: start };
}

const isCounts = (value: JsonValue | undefined): value is readonly number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

/** Makes offsets count from the start of the file, after checking that the tensors fill the data without holes. */
function checkContiguous(reader: ByteReader, tensors: SafetensorsTensor[], dataStart: number): void {
  let end = 0;
  tensors.forEach((tensor, i) => {
    const { name, offset, byteLength } = tensor;
    const reason = `its data start at ${offset}, and those before end at ${end}: data have to follow one another`;
    if (offset !== end) reader.fail(offset < end ? 'overlap' : 'out-of-bounds', name, reason, PREFIX_BYTES);
    end += byteLength;
    tensors[i] = { ...tensor, offset: dataStart + offset };
  });
  const expected = dataStart + end;
  if (expected === reader.file.byteLength) return;
  const code = expected > reader.file.byteLength ? 'truncated' : 'bad-length';
  reader.fail(
    code,
    'tensor data',
    `they end at byte ${expected}, and the file has ${reader.file.byteLength}: it is incomplete or damaged, get it again`,
    dataStart,
  );
}
