import type { CharacterClass } from './character-class.ts';

/**
 * A pattern of a pre-tokenizer as data: what the regular expressions of published tokenizers need and no more, so that
 * scanning stays linear. There are no loops around groups, and a run only ever gives back its own end.
 */
export type Alternatives = readonly (readonly PatternItem[])[];

export type PatternItem =
  /** As many as possible of a class, between `min` and `max`: `\p{L}+`, ` ?`. */
  | { readonly kind: 'run'; readonly class: CharacterClass; readonly min: number; readonly max: number }
  /** The first alternative that fits: `(?i:'s|'t)`; with `optional`, or nothing. */
  | { readonly kind: 'group'; readonly alternatives: Alternatives; readonly optional: boolean }
  /** Whether the next code point is one of a class; the end of the text is in none. */
  | { readonly kind: 'ahead'; readonly class: CharacterClass; readonly negated: boolean }
  /** The end of the text. */
  | { readonly kind: 'end' };

const NO_MATCH = -1;

/**
 * Where the first alternative that fits at `at` ends, or -1.
 *
 * Priorities are those of Perl and Oniguruma: alternatives from left to right, runs as long as the rest allows.
 */
export function matchAlternatives(alternatives: Alternatives, text: string, at: number): number {
  for (const items of alternatives) {
    const end = matchItems(items, 0, text, at);
    if (end !== NO_MATCH) return end;
  }
  return NO_MATCH;
}

function matchItems(items: readonly PatternItem[], index: number, text: string, at: number): number {
  const item = items[index];
  if (item === undefined) return at;
  switch (item.kind) {
    case 'run':
      return matchRun(item, items, index, text, at);
    case 'group': {
      for (const alternative of item.alternatives) {
        const end = matchItems(alternative, 0, text, at);
        const whole = end === NO_MATCH ? NO_MATCH : matchItems(items, index + 1, text, end);
        if (whole !== NO_MATCH) return whole;
      }
      return item.optional ? matchItems(items, index + 1, text, at) : NO_MATCH;
    }
    case 'ahead': {
      const found = at < text.length && item.class.has(text.codePointAt(at)!);
      return found === item.negated ? NO_MATCH : matchItems(items, index + 1, text, at);
    }
    case 'end':
      return at === text.length ? matchItems(items, index + 1, text, at) : NO_MATCH;
    default:
      return item satisfies never;
  }
}

function matchRun(
  run: PatternItem & { kind: 'run' },
  items: readonly PatternItem[],
  index: number,
  text: string,
  at: number,
): number {
  let count = 0;
  while (count < run.max && at < text.length) {
    const codePoint = text.codePointAt(at)!;
    if (!run.class.has(codePoint)) break;
    at += codePoint > 0xffff ? 2 : 1;
    count++;
  }
  if (count < run.min) return NO_MATCH;
  if (index + 1 === items.length) return at;

  for (;;) {
    const end = matchItems(items, index + 1, text, at);
    if (end !== NO_MATCH) return end;
    if (count-- === run.min) return NO_MATCH;
    at -= isLowSurrogate(text.charCodeAt(at - 1)) ? 2 : 1; // texts are well formed
  }
}

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
