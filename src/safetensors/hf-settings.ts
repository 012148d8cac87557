import { isObject, type JsonObject, type JsonValue } from '../checkpoint/json.ts';
import { RealizarError } from '../errors.ts';

/** Reads fields of a settings file; `null` counts as absent, as in Python. Errors are `bad-hparam` and name the field. */
export interface Settings {
  number(field: string): number | undefined;
  integer(field: string): number | undefined;
  text(field: string): string | undefined;
  flag(field: string): boolean | undefined;
  section(field: string): Settings | undefined;
  list(field: string): readonly JsonValue[] | undefined;
  /** A number, or the first of a list of numbers. */
  firstInteger(field: string): number | undefined;
  fail(field: string, reason: string): never;
}

/** @param name the file and, for a section, where it stands in it */
export function settingsOf(json: JsonObject, name: string): Settings {
  const fail = (field: string, reason: string): never => {
    throw new RealizarError('bad-hparam', `${name}: ${field}: ${reason}`, { field });
  };
  // An inherited property is none of the file's.
  const get = (field: string) => (Object.hasOwn(json, field) ? (json[field] ?? undefined) : undefined);

  const settings: Settings = {
    fail,
    number(field) {
      const value = get(field);
      if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
      return fail(field, 'it has to be a number');
    },
    integer(field) {
      const value = settings.number(field);
      if (value === undefined || Number.isSafeInteger(value)) return value;
      return fail(field, 'it has to be a whole number');
    },
    text(field) {
      const value = get(field);
      return value === undefined || typeof value === 'string' ? value : fail(field, 'it has to be text');
    },
    flag(field) {
      const value = get(field);
      return value === undefined || typeof value === 'boolean' ? value : fail(field, 'it has to be true or false');
    },
    section(field) {
      const value = get(field);
      if (value === undefined) return undefined;
      return isObject(value) ? settingsOf(value, `${name}: ${field}`) : fail(field, 'it has to be an object');
    },
    list(field) {
      const value = get(field);
      if (value === undefined) return undefined;
      return Array.isArray(value) ? value : fail(field, 'it has to be a list');
    },
    firstInteger(field) {
      const value = get(field);
      const first = Array.isArray(value) ? value[0] : value;
      if (first === undefined || Number.isSafeInteger(first)) return first as number | undefined;
      return fail(field, 'it has to be a whole number or a list of them');
    },
  };
  return settings;
}
