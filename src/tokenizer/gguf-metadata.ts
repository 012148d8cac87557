import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';

type Metadata = ReadonlyMap<string, MetadataValue>;

/** Reads `tokenizer.ggml.*`, checking types, lengths and ranges. */
export function stringField(metadata: Metadata, key: string): string | undefined {
  const value = metadata.get(key);
  if (value !== undefined && typeof value !== 'string') throw badField(key, 'must be a string');
  return value;
}

export function booleanField(metadata: Metadata, key: string): boolean | undefined {
  const value = metadata.get(key);
  if (value !== undefined && typeof value !== 'boolean') throw badField(key, 'must be true or false');
  return value;
}

export function stringsField(metadata: Metadata, key: string): readonly string[] | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw badField(key, 'must be a list of strings');
  return value;
}

/** A list of numbers, one for each token. */
export function numbersField(metadata: Metadata, key: string, length: number): ArrayLike<number> | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  const isNumbers = Array.isArray(value) ? value.every((item) => typeof item === 'number') : ArrayBuffer.isView(value);
  if (!isNumbers) throw badField(key, 'must be a list of numbers');
  const numbers = value as ArrayLike<number | bigint>;
  if (numbers.length !== length) throw badField(key, `has ${numbers.length} entries for ${length} tokens`);
  return typeof numbers[0] === 'bigint' ? Float64Array.from(numbers, Number) : (numbers as ArrayLike<number>);
}

/** A list of bytes, signed or not. */
export function bytesField(metadata: Metadata, key: string): Uint8Array | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (!(value instanceof Uint8Array || value instanceof Int8Array)) throw badField(key, 'must be a list of bytes');
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** The id of a token. -1 and 2^32 - 1, which some files write for "none", read as absent. */
export function idField(metadata: Metadata, key: string, vocabSize: number): number | undefined {
  const value = metadata.get(key);
  if (value === undefined || value === -1 || value === 0xffffffff) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= vocabSize)
    throw badField(key, `must be an id below ${vocabSize}`);
  return value;
}

const badField = (key: string, why: string): RealizarError =>
  new RealizarError('bad-tokenizer', `${key} ${why}`, { field: key });
