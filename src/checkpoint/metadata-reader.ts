import { RealizarError } from '../errors.ts';
import type { MetadataValue } from './checkpoint.ts';

type Metadata = ReadonlyMap<string, MetadataValue>;

/** @throws RealizarError `missing-metadata` | `bad-hparam`, naming the key */
export function requireInteger(metadata: Metadata, key: string, min: number, max: number): number {
  return optionalInteger(metadata, key, min, max) ?? missing(key);
}

/** @throws RealizarError `bad-hparam` unless absent or an integer from `min` to `max` */
export function optionalInteger(metadata: Metadata, key: string, min: number, max: number): number | undefined {
  const value = optionalFloat(metadata, key, min, max);
  if (value === undefined || Number.isInteger(value)) return value;
  return bad(key, `it has to be a whole number, and is ${value}`);
}

/** @throws RealizarError `bad-hparam` unless absent or a number from `min` to `max`; NaN is none */
export function optionalFloat(metadata: Metadata, key: string, min: number, max: number): number | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  const found = typeof value === 'number' || typeof value === 'bigint' ? String(value) : `a ${typeof value}`;
  return bad(key, `it has to be a number from ${min} to ${max}, and is ${found}`);
}

/** @throws RealizarError `bad-hparam` unless absent or text */
export function optionalString(metadata: Metadata, key: string): string | undefined {
  const value = metadata.get(key);
  if (value === undefined || typeof value === 'string') return value;
  const found = typeof value === 'object' ? 'a list' : String(value);
  throw new RealizarError('bad-hparam', `${key} has to be a text, and is ${found}`, { field: key });
}

function missing(key: string): never {
  throw new RealizarError('missing-metadata', `the metadata have no ${key}; the file is incomplete, convert it again`, {
    field: key,
  });
}

function bad(key: string, reason: string): never {
  throw new RealizarError('bad-hparam', `${key}: ${reason}`, { field: key });
}
