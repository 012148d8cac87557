import { RealizarError, type ErrorCode } from '../errors.ts';
import { brief } from './brief.ts';
import type { JsonLimits } from './json.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/**
 * Checks what `JSON.parse` does not, without recursion and before anything is built: how deep the text nests, how many
 * values and keys it has, and that no object has a key twice. Whether it is JSON at all is left to the parser.
 *
 * @throws RealizarError `limit-exceeded` | `duplicate-name`
 */
export function checkJson(
  bytes: Uint8Array,
  { name, maxDepth, maxValues, maxKeys = Infinity, offset: base = 0 }: JsonLimits,
): void {
  /** Keys of each open object; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let values = 1;
  const fail = (code: ErrorCode, reason: string, at: number): never => {
    throw new RealizarError(code, `${name}: ${reason} at byte ${base + at}`, { offset: base + at });
  };

  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      const keys = open.at(-1);
      if (keys !== undefined && nextToken(bytes, end) === COLON) {
        const key = keyOf(bytes.subarray(i, end));
        if (keys.has(key)) fail('duplicate-name', `the key ${brief(key)} stands twice in one object`, i);
        keys.add(key);
        if (keys.size > maxKeys) fail('limit-exceeded', `an object of more than ${maxKeys} keys`, i);
      }
      i = end - 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (open.length === maxDepth) fail('limit-exceeded', `JSON nests deeper than ${maxDepth} levels`, i);
      open.push(byte === OPEN_OBJECT ? new Set() : undefined);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      open.pop();
    } else if (byte === COMMA && ++values > maxValues) {
      fail('limit-exceeded', `JSON of more than ${maxValues} values`, i);
    }
  }
}

/** One past the closing quote of the string that starts at `start`. */
function endOfString(bytes: Uint8Array, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return Math.min(i + 1, bytes.length);
}

function nextToken(bytes: Uint8Array, start: number): number | undefined {
  let i = start;
  while (i < bytes.length && bytes[i]! <= 0x20) i++;
  return bytes[i];
}

const SHORT = 64;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** `"\u0061"` and `"a"` are the same key. A malformed one is compared as written; the parser will refuse it. */
function keyOf(quoted: Uint8Array): string {
  const text = asciiOf(quoted) ?? utf8.decode(quoted);
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}

/** For short keys a decoder's call costs more than its work. */
function asciiOf(bytes: Uint8Array): string | undefined {
  if (bytes.length > SHORT) return undefined;
  let text = '';
  for (const byte of bytes) {
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
