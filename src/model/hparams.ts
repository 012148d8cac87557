import { RealizarError } from '../errors.ts';
import type { MetadataValue } from '../checkpoint/checkpoint.ts';

type Metadata = ReadonlyMap<string, MetadataValue>;

/** Both ends belong to the range. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** @throws RealizarError `missing-metadata` | `bad-hparam`, naming the key */
export function integer(metadata: Metadata, key: string, range: Range): number {
  const value = optionalInteger(metadata, key, range);
  if (value === undefined) throw missing(key);
  return value;
}

/** Also reads an array that has the same number for every layer, as some converters write `head_count_kv`. */
export function optionalInteger(metadata: Metadata, key: string, range: Range): number | undefined {
  const value = optionalNumber(metadata, key, range);
  if (value !== undefined && !Number.isInteger(value)) throw bad(key, value, range);
  return value;
}

/** @throws RealizarError `missing-metadata` | `bad-hparam`, naming the key */
export function number(metadata: Metadata, key: string, range: Range): number {
  const value = optionalNumber(metadata, key, range);
  if (value === undefined) throw missing(key);
  return value;
}

export function optionalNumber(metadata: Metadata, key: string, range: Range): number | undefined {
  const value = sameForEveryLayer(metadata.get(key), key);
  if (value === undefined) return undefined;
  // The comparison is written so that NaN fails it.
  if (typeof value !== 'number' || !(value >= range.min && value <= range.max)) throw bad(key, value, range);
  return value;
}

function sameForEveryLayer(value: MetadataValue | undefined, key: string): MetadataValue | undefined {
  if (typeof value !== 'object') return value;
  const [first] = value;
  if (first === undefined || Array.prototype.some.call(value, (n: unknown) => n !== first)) {
    throw new RealizarError('bad-hparam', `${key} differs from layer to layer, which is not supported`, { field: key });
  }
  return typeof first === 'bigint' ? Number(first) : first; // arrays of 64-bit integers hold nothing else
}

const missing = (key: string) =>
  new RealizarError('missing-metadata', `the model does not say ${key}; the file is incomplete, convert it again`, {
    field: key,
  });

const bad = (key: string, value: MetadataValue, { min, max }: Range) =>
  new RealizarError('bad-hparam', `${key} is ${describe(value)} and has to be a number from ${min} to ${max}`, {
    field: key,
  });

function describe(value: MetadataValue): string {
  if (typeof value === 'string') return 'a text';
  return typeof value === 'object' ? 'a list' : String(value);
}
