import type { ByteReader } from '../checkpoint/byte-reader.ts';
import type { MetadataArray, MetadataValue } from '../checkpoint/checkpoint.ts';
import { MAX_ARRAY_DEPTH, MAX_BOXED_ELEMENTS, MAX_HEADER_BYTES, MAX_KEY_BYTES, MAX_NESTED_ARRAYS } from './limits.ts';

const BOOL = 7;
const STRING = 8;
const ARRAY = 9;

/** The only key whose type decides how the file itself is read. */
export const ALIGNMENT_KEY = 'general.alignment';
const ALIGNMENT_TYPE = 4; // u32

/** Numbers, by their value type. Arrays of them become typed arrays. */
const numbers = {
  0: { bytes: 1, read: (r: ByteReader, field: string) => r.u8(field), array: Uint8Array },
  1: { bytes: 1, read: (r: ByteReader, field: string) => r.i8(field), array: Int8Array },
  2: { bytes: 2, read: (r: ByteReader, field: string) => r.u16(field), array: Uint16Array },
  3: { bytes: 2, read: (r: ByteReader, field: string) => r.i16(field), array: Int16Array },
  4: { bytes: 4, read: (r: ByteReader, field: string) => r.u32(field), array: Uint32Array },
  5: { bytes: 4, read: (r: ByteReader, field: string) => r.i32(field), array: Int32Array },
  6: { bytes: 4, read: (r: ByteReader, field: string) => r.f32(field), array: Float32Array },
  10: { bytes: 8, read: (r: ByteReader, field: string) => safeNumber(r.u64(field)), array: BigUint64Array },
  11: { bytes: 8, read: (r: ByteReader, field: string) => safeNumber(r.i64(field)), array: BigInt64Array },
  12: { bytes: 8, read: (r: ByteReader, field: string) => r.f64(field), array: Float64Array },
} as const;

const isNumberType = (type: number): type is keyof typeof numbers => type in numbers;

/** Fewest bytes of an entry: key's length, type, value; of a text: its length; of an array: element type, length. */
export const MIN_ENTRY_BYTES = 8 + 1 + 4 + 1;
const MIN_STRING_BYTES = 8;
const MIN_ARRAY_BYTES = 4 + 8;

/** What the arrays of a file may still ask for. */
interface Budget {
  boxedElements: number;
  nestedArrays: number;
}

/**
 * Reads `count` key-value pairs.
 * @throws RealizarError `bad-length` | `bad-value` | `duplicate-name` | `unknown-type` | `implausible-count` | `limit-exceeded` | `truncated`
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md#file-structure
 */
export function readMetadata(reader: ByteReader, count: number): Map<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>();
  const budget = { boxedElements: MAX_BOXED_ELEMENTS, nestedArrays: MAX_NESTED_ARRAYS };
  for (let i = 0; i < count; i++) {
    const start = reader.offset;
    const key = reader.string(`key of metadata entry ${i}`, MAX_KEY_BYTES, true);
    if (key === '') reader.fail('bad-length', `key of metadata entry ${i}`, 'it is empty', start);
    if (metadata.has(key)) reader.fail('duplicate-name', key, 'this key stands twice in the metadata', start);
    const typeOffset = reader.offset;
    const type = reader.u32(key);
    if (key === ALIGNMENT_KEY && type !== ALIGNMENT_TYPE) {
      reader.fail('bad-value', key, `it has to be a 32-bit unsigned integer, and is of type ${type}`, typeOffset);
    }
    metadata.set(key, readValue(reader, type, key, typeOffset, budget));
  }
  return metadata;
}

function readValue(reader: ByteReader, type: number, field: string, typeOffset: number, budget: Budget): MetadataValue {
  if (isNumberType(type)) return numbers[type].read(reader, field);
  if (type === BOOL) return reader.u8(field) !== 0; // ggml, too, takes every byte but 0 as true
  if (type === STRING) return reader.string(field, MAX_HEADER_BYTES, false);
  if (type === ARRAY) return readArray(reader, field, 1, budget);
  return reader.fail('unknown-type', field, `value type ${type} is not one of GGUF's 13`, typeOffset);
}

/** Recursion ends at `MAX_ARRAY_DEPTH`. */
function readArray(reader: ByteReader, field: string, depth: number, budget: Budget): MetadataArray {
  const start = reader.offset;
  const type = reader.u32(field);
  if (isNumberType(type)) {
    const { bytes, array } = numbers[type];
    const count = reader.count(field, bytes, MAX_HEADER_BYTES);
    return new array(reader.bytes(count * bytes, field).buffer);
  }
  if (type === BOOL) return Array.from(reader.bytes(boxed(reader, field, 1, budget), field), (byte) => byte !== 0);
  if (type === STRING) {
    const count = boxed(reader, field, MIN_STRING_BYTES, budget);
    return reader.strings(field, count, MAX_HEADER_BYTES);
  }
  if (type !== ARRAY)
    return reader.fail('unknown-type', field, `array elements of type ${type} are not one of GGUF's 13`, start);

  if (depth === MAX_ARRAY_DEPTH)
    reader.fail('limit-exceeded', field, `arrays are nested deeper than ${MAX_ARRAY_DEPTH}`, start);
  const count = boxed(reader, field, MIN_ARRAY_BYTES, budget);
  budget.nestedArrays -= count;
  if (budget.nestedArrays < 0)
    reader.fail('limit-exceeded', field, `more than ${MAX_NESTED_ARRAYS} arrays inside arrays`, start);
  return Array.from({ length: count }, () => readArray(reader, field, depth + 1, budget));
}

/** The length of an array whose elements take a JavaScript value each. */
function boxed(reader: ByteReader, field: string, elementBytes: number, budget: Budget): number {
  const count = reader.count(field, elementBytes, budget.boxedElements);
  budget.boxedElements -= count;
  return count;
}

/** Beyond ±2^53 a number would be another integer than the file's. */
const safeNumber = (value: bigint) => (BigInt.asIntN(54, value) === value ? Number(value) : value);
