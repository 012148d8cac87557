import { toByteLevel } from '../byte-level.ts';
import { replaceMatches } from '../pattern/replace-matches.ts';
import { normalForm } from '../unicode-normal-form.ts';
import type { Normalizer } from '../text-tokenizer.ts';
import { booleanAt, stringAt, unsupportedJson } from './fields.ts';
import { patternAt } from './pattern.ts';
import { stepsOf, type Step } from './stages.ts';

/** The stage `normalizer` of a tokenizer.json. @throws RealizarError `bad-tokenizer` | `unsupported-tokenizer` */
export function jsonNormalizer(value: unknown): Normalizer | undefined {
  const steps = stepsOf(value, 'normalizer', 'normalizers').map(normalizerOf);
  if (steps.length === 0) return undefined;
  return (text) => steps.reduce((changed, step) => step(changed), text);
}

function normalizerOf(step: Step): (text: string) => string {
  const { field, json, type } = step;
  switch (type) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return (text) => normalForm(text, type);
    case 'Lowercase':
      return (text) => text.toLowerCase();
    case 'StripAccents':
      return (text) => text.replace(/\p{Mn}/gu, '');
    case 'Strip': {
      const left = booleanAt(json['strip_left'], `${field}.strip_left`, true);
      const right = booleanAt(json['strip_right'], `${field}.strip_right`, true);
      return (text) => strip(text, left, right);
    }
    case 'Prepend': {
      const prefix = stringAt(json['prepend'], `${field}.prepend`);
      return (text) => (text === '' ? text : prefix + text);
    }
    case 'Replace': {
      const pattern = patternAt(json['pattern'], `${field}.pattern`);
      const content = stringAt(json['content'], `${field}.content`);
      return (text) => replaceMatches(text, pattern, content);
    }
    case 'ByteLevel':
      return toByteLevel;
    default:
      throw unsupportedJson(field, type);
  }
}

function strip(text: string, left: boolean, right: boolean): string {
  const isSpace = (at: number): boolean => /^\p{White_Space}/u.test(text[at] ?? '');
  let start = 0;
  let end = text.length;
  if (left) while (start < end && isSpace(start)) start++;
  if (right) while (end > start && isSpace(end - 1)) end--;
  return text.slice(start, end);
}
