import { RealizarError } from '../errors.ts';
import { checkJson } from './json-scanner.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

export interface JsonLimits {
  /** For messages. */
  readonly name: string;
  readonly maxBytes: number;
  /** Arrays and objects within one another; code that walks the value may recurse that deep. */
  readonly maxDepth: number;
  /** Elements of all arrays and objects together; each takes memory of its own. */
  readonly maxValues: number;
  /** Keys of one object. */
  readonly maxKeys?: number;
  /** Where the text starts in its file, for messages. */
  readonly offset?: number;
}

/**
 * Parses JSON from outside: UTF-8, of limited size, depth and number of values, no key twice in one object (`JSON.parse` would keep the
 * last and hide the first). A key `__proto__` becomes an ordinary property.
 *
 * @throws RealizarError `limit-exceeded` | `bad-json` | `duplicate-name`
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): JsonValue {
  const { name, maxBytes, offset = 0 } = limits;
  if (bytes.byteLength > maxBytes) {
    throw new RealizarError(
      'limit-exceeded',
      `${name}: ${bytes.byteLength} bytes of JSON, and at most ${maxBytes} are allowed`,
      { offset },
    );
  }
  checkJson(bytes, limits);
  try {
    return JSON.parse(decodeUtf8(bytes)) as JsonValue;
  } catch (cause) {
    throw new RealizarError(
      'bad-json',
      `${name}: not valid JSON in UTF-8: the file is damaged or not what its name says`,
      { offset, cause },
    );
  }
}

/** @throws RealizarError `bad-json` unless the text is one JSON object */
export function parseJsonObject(bytes: Uint8Array, limits: JsonLimits): JsonObject {
  const value = parseJson(bytes, limits);
  if (isObject(value)) return value;
  throw new RealizarError('bad-json', `${limits.name}: a JSON object is expected`, { offset: limits.offset ?? 0 });
}

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A byte order mark is kept, so that `JSON.parse` refuses it as the specification does. */
const decodeUtf8 = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
