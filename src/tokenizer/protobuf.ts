import { RealizarError } from '../errors.ts';

/** One field of a message: its number, and its value by wire type. */
export interface ProtobufField {
  readonly number: number;
  /** Varints and fixed32 as numbers, the others as bytes. */
  readonly value: number | Uint8Array;
}

const MAX_VARINT_BYTES = 10;

/**
 * Walks through the fields of a protobuf message, whose bytes stay where they are.
 *
 * @param offset where the message starts in its file, for messages
 * @throws RealizarError `truncated` | `bad-value`, with the offset
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function* fieldsOf(message: Uint8Array, offset = 0): Generator<ProtobufField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = message[at];
      if (byte === undefined) throw broken('truncated', 'ends within a number', offset + at);
      at++;
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value;
    }
    throw broken('bad-value', 'has a number of more than ten bytes', offset + at);
  };
  const bytes = (length: number): Uint8Array => {
    if (length > message.length - at)
      throw broken('truncated', `announces ${length} bytes where ${message.length - at} are left`, offset + at);
    at += length;
    return message.subarray(at - length, at);
  };

  while (at < message.length) {
    const start = at;
    const tag = varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { number, value: varint() };
        break;
      case 1:
        yield { number, value: bytes(8) };
        break;
      case 2:
        yield { number, value: bytes(varint()) };
        break;
      case 5:
        yield { number, value: bytes(4) };
        break;
      default:
        throw broken('bad-value', `has a field of unknown wire type ${tag % 8}`, offset + start);
    }
  }
}

const broken = (code: 'truncated' | 'bad-value', why: string, offset: number): RealizarError =>
  new RealizarError(code, `the protobuf message ${why} (at byte ${offset})`, { offset });
