import type { Alternatives } from '../pattern/pattern.ts';
import { literalPattern, parsePattern } from '../pattern/parse-pattern.ts';
import { badJson, objectAt } from './fields.ts';

/** `{ "Regex": "…" }` or `{ "String": "…" }`. */
export function patternAt(value: unknown, field: string): Alternatives {
  const pattern = objectAt(value, field);
  if (typeof pattern['Regex'] === 'string') return parsePattern(pattern['Regex']);
  if (typeof pattern['String'] === 'string' && pattern['String'] !== '') return literalPattern(pattern['String']);
  throw badJson(field, 'must hold a Regex or a String');
}
