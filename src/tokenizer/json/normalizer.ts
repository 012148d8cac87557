import { RealizarError } from '../../errors.ts';
import { toByteLevel } from '../byte-level.ts';
import { Charsmap } from '../charsmap.ts';
import { replaceMatches } from '../pattern/replace-matches.ts';
import { normalForm } from '../unicode-normal-form.ts';
import type { Normalizer } from '../text-tokenizer.ts';
import { booleanAt, stringAt, unsupportedJson } from './fields.ts';
import { patternAt } from './pattern.ts';
import { stepsOf, type Step } from './stages.ts';

const MAX_CLUSTER_BYTES = 6;
// `nmt` of SentencePiece: controls go, all kinds of spaces and invisible marks become spaces.
// oxlint-disable-next-line no-control-regex -- controls are what it is about
const NMT_REMOVED = /[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g;
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;

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
      return (text) => text.replace(/\p{M}/gu, '');
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
    case 'Nmt':
      return (text) => text.replace(NMT_REMOVED, '').replace(NMT_SPACES, ' ');
    case 'Precompiled':
      return precompiled(
        new Charsmap(
          base64Bytes(stringAt(json['precompiled_charsmap'], `${field}.precompiled_charsmap`), field),
          field,
        ),
      );
    default:
      throw unsupportedJson(field, type);
  }
}

/**
 * SentencePiece's normalisation as Hugging Face ported it: short grapheme clusters as a whole, or else their characters.
 */
function precompiled(charsmap: Charsmap): (text: string) => string {
  const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
  const encoder = new TextEncoder();
  return (text) => {
    const parts: string[] = [];
    for (const { segment } of segmenter.segment(text)) {
      const whole =
        segment.length < MAX_CLUSTER_BYTES && encoder.encode(segment).length < MAX_CLUSTER_BYTES
          ? charsmap.replacementOf(segment)
          : undefined;
      if (whole !== undefined) parts.push(whole);
      else for (const character of segment) parts.push(charsmap.replacementOf(character) ?? character);
    }
    return parts.join('');
  };
}

function base64Bytes(text: string, field: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new RealizarError('bad-tokenizer', `${field}.precompiled_charsmap is not base64`, { field, cause });
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
