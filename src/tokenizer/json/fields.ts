import { RealizarError } from '../../errors.ts';

/** A JSON object whose fields are not checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws RealizarError `bad-tokenizer`, naming the field */
export function objectAt(value: unknown, field: string): JsonObject {
  if (!isObject(value)) throw badJson(field, 'must be an object');
  return value;
}

export function arrayAt(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value)) throw badJson(field, 'must be a list');
  return value;
}

export function stringAt(value: unknown, field: string): string {
  if (typeof value !== 'string') throw badJson(field, 'must be a string');
  return value;
}

/** The flag, or `fallback` where it is absent or null. */
export function booleanAt(value: unknown, field: string, fallback: boolean): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value !== 'boolean') throw badJson(field, 'must be true or false');
  return value;
}

export const isId = (value: unknown, limit: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < limit;

export function idAt(value: unknown, field: string, limit: number): number {
  if (!isId(value, limit)) throw badJson(field, `must be an id below ${limit}`);
  return value;
}

export const badJson = (field: string, why: string): RealizarError =>
  new RealizarError('bad-tokenizer', `${field} ${why}`, { field });

export function unsupportedJson(field: string, what: unknown): RealizarError {
  return new RealizarError(
    'unsupported-tokenizer',
    `${field} ${JSON.stringify(what)?.slice(0, 200)} is not supported`,
    { field },
  );
}
