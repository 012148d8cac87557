import { RealizarError, type ErrorCode } from '../errors.ts';
import { brief } from './brief.ts';
import { decodeTexts } from './decode-texts.ts';

/** The file that a reader's bytes are the beginning of. */
export interface FileExtent {
  readonly name: string;
  readonly byteLength: number;
}

/** The bytes at hand end before the file does: read up to `needed` and start again. Never leaves the folder that caught it. */
export class MoreBytesNeeded extends Error {
  readonly needed: number;

  constructor(needed: number) {
    super(`bytes up to ${needed} are needed`);
    this.needed = needed;
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const strictUtf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/** Most strings in a header are short and ASCII, and for those a decoder's call costs more than its work. */
const SHORT = 24;

/**
 * A cursor over the first bytes of a little-endian file. Every read is checked against the file's length before
 * anything is allocated, and every error names file, field and offset.
 */
export class ByteReader {
  readonly file: FileExtent;
  offset = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, file: FileExtent) {
    this.file = file;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes of the file after the cursor. */
  get remaining(): number {
    return this.file.byteLength - this.offset;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  i8(field: string): number {
    return this.#view.getInt8(this.#take(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(2, field), true);
  }

  i16(field: string): number {
    return this.#view.getInt16(this.#take(2, field), true);
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field), true);
  }

  i32(field: string): number {
    return this.#view.getInt32(this.#take(4, field), true);
  }

  u64(field: string): bigint {
    return this.#view.getBigUint64(this.#take(8, field), true);
  }

  i64(field: string): bigint {
    return this.#view.getBigInt64(this.#take(8, field), true);
  }

  f32(field: string): number {
    return this.#view.getFloat32(this.#take(4, field), true);
  }

  f64(field: string): number {
    return this.#view.getFloat64(this.#take(8, field), true);
  }

  /** A copy of the next `length` bytes, in a buffer of their own and thus aligned for any typed array. */
  bytes(length: number, field: string): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.view(length, field));
  }

  /** The next `length` bytes, where they are. */
  view(length: number, field: string): Uint8Array {
    const start = this.#take(length, field);
    return this.#bytes.subarray(start, start + length);
  }

  /**
   * A u64 that says how many entries follow, of at least `entryBytes` each.
   * @throws RealizarError `implausible-count` where the rest of the file has no room for them or they are more than `max`
   */
  count(field: string, entryBytes: number, max: number): number {
    const offset = this.offset;
    const value = this.u64(field);
    const room = Math.floor(this.remaining / entryBytes);
    if (value > BigInt(room)) {
      this.fail(
        'implausible-count',
        field,
        `${value} are announced, and the file has room for ${room}; it is incomplete or damaged`,
        offset,
      );
    }
    if (value > BigInt(max))
      this.fail('implausible-count', field, `${value} are announced, and at most ${max} are allowed`, offset);
    return Number(value);
  }

  /**
   * A string: u64 length, then UTF-8.
   * @param strict refuse bytes that are not UTF-8, instead of reading them as U+FFFD
   * @throws RealizarError `bad-length` | `bad-value`
   */
  string(field: string, maxBytes: number, strict: boolean): string {
    const length = this.#length(field, maxBytes);
    const start = this.#take(length, field);
    return this.#text(start, start + length, field, strict);
  }

  /** `count` strings one after another, each as `string` reads it. @throws RealizarError `bad-length` */
  strings(field: string, count: number, maxBytes: number): string[] {
    const first = this.offset;
    const lengths = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      lengths[i] = this.#length(field, maxBytes);
      this.#take(lengths[i]!, field);
    }
    return decodeTexts(this.#bytes.subarray(first, this.offset), lengths);
  }

  /** @throws RealizarError always */
  fail(code: ErrorCode, field: string, reason: string, offset = this.offset): never {
    throw new RealizarError(code, `${this.file.name}: ${brief(field)} at byte ${offset}: ${reason}`, { field, offset });
  }

  /** Of a string: a u64. Most are small, and numbers are read faster than integers of 64 bits. */
  #length(field: string, maxBytes: number): number {
    const offset = this.offset;
    const start = this.#take(8, field);
    const length = this.#view.getUint32(start, true) + 2 ** 32 * this.#view.getUint32(start + 4, true);
    if (length > Math.min(maxBytes, this.remaining)) {
      const room =
        this.remaining < maxBytes ? `the file has ${this.remaining} bytes left` : `at most ${maxBytes} are allowed`;
      const announced = this.#view.getBigUint64(start, true);
      this.fail('bad-length', field, `a text of ${announced} bytes is announced, and ${room}`, offset);
    }
    return length;
  }

  /** Moves the cursor over `length` bytes and returns where they start. */
  #take(length: number, field: string): number {
    const start = this.offset;
    const end = start + length;
    if (end > this.file.byteLength) {
      this.fail(
        'truncated',
        field,
        `the file ends at byte ${this.file.byteLength}, before this does; it is incomplete, get it again`,
        start,
      );
    }
    if (end > this.#bytes.byteLength) throw new MoreBytesNeeded(end);
    this.offset = end;
    return start;
  }

  #text(start: number, end: number, field: string, strict: boolean): string {
    if (end - start <= SHORT) {
      const ascii = this.#ascii(start, end);
      if (ascii !== undefined) return ascii;
    }
    const bytes = this.#bytes.subarray(start, end);
    if (!strict) return utf8.decode(bytes);
    try {
      return strictUtf8.decode(bytes);
    } catch {
      return this.fail('bad-value', field, 'this text is not UTF-8', start);
    }
  }

  #ascii(start: number, end: number): string | undefined {
    let text = '';
    for (let i = start; i < end; i++) {
      const byte = this.#bytes[i]!;
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }
}
