import { readClass } from './character-class.ts';
import { PatternReader } from './pattern-reader.ts';
import type { Alternatives, PatternItem } from './pattern.ts';

// The longest pattern of a published tokenizer has under 700 characters and nests once.
const MAX_PATTERN_LENGTH = 4096;
const MAX_GROUP_DEPTH = 4;
// Each may give back what it took; with more of them in one alternative the ways to do so would multiply.
const MAX_UNBOUNDED_RUNS = 2;
const MAX_REPETITIONS = 9999;

/**
 * Reads the regular expression of a pre-tokenizer: classes with `\p{…}`, `\s`, `\d` and ranges, quantifiers, groups
 * of alternatives, `(?i:…)`, lookahead for one character.
 *
 * Possessive quantifiers are read as greedy ones, which match the same in patterns where what follows a run cannot
 * start within it.
 *
 * @throws RealizarError `unsupported-tokenizer` for anything else, naming the pattern
 */
export function parsePattern(source: string): Alternatives {
  const reader = new PatternReader(source);
  if (source.length > MAX_PATTERN_LENGTH) throw reader.unsupported(`is longer than ${MAX_PATTERN_LENGTH} characters`);
  const alternatives = readAlternatives(reader, false, 0);
  if (!reader.done) throw reader.unsupported('has an unbalanced parenthesis');
  return alternatives;
}

function readAlternatives(reader: PatternReader, ignoreCase: boolean, depth: number): Alternatives {
  if (depth > MAX_GROUP_DEPTH) throw reader.unsupported('nests its groups too deep');
  const alternatives: PatternItem[][] = [[]];
  while (!reader.done && !reader.sees(')')) {
    if (reader.accept('|')) alternatives.push([]);
    else alternatives.at(-1)!.push(readItem(reader, ignoreCase, depth));
  }
  for (const items of alternatives) {
    const unbounded = items.filter((item) => item.kind === 'run' && item.max === Infinity).length;
    if (unbounded > MAX_UNBOUNDED_RUNS) throw reader.unsupported('repeats too much in one alternative');
  }
  return alternatives;
}

function readItem(reader: PatternReader, ignoreCase: boolean, depth: number): PatternItem {
  if (reader.accept('$')) return { kind: 'end' };
  if (reader.accept('(?!')) return readLookahead(reader, true);
  if (reader.accept('(?=')) return readLookahead(reader, false);
  if (reader.accept('(')) return readGroup(reader, ignoreCase, depth);
  const runClass = readClass(reader, ignoreCase);
  return { kind: 'run', class: runClass, ...readQuantifier(reader) };
}

function readLookahead(reader: PatternReader, negated: boolean): PatternItem {
  const aheadClass = readClass(reader, false);
  if (!reader.accept(')')) throw reader.unsupported('looks ahead for more than one character');
  return { kind: 'ahead', class: aheadClass, negated };
}

function readGroup(reader: PatternReader, ignoreCase: boolean, depth: number): PatternItem {
  const insensitive = reader.accept('?i:');
  if (!insensitive && !reader.accept('?:') && reader.sees('?'))
    throw reader.unsupported('has a group of an unknown kind');
  const alternatives = readAlternatives(reader, ignoreCase || insensitive, depth + 1);
  if (!reader.accept(')')) throw reader.unsupported('has an unbalanced parenthesis');
  const { min, max } = readQuantifier(reader);
  if (max !== 1) throw reader.unsupported('repeats a group');
  return { kind: 'group', alternatives, optional: min === 0 };
}

function readQuantifier(reader: PatternReader): { min: number; max: number } {
  const quantifier = reader.match(/(?:[?*+]|\{\d{1,4}(?:,\d{0,4})?\})(?<mode>[?+]?)/y);
  if (!quantifier) return { min: 1, max: 1 };
  if (quantifier.groups!['mode'] === '?') throw reader.unsupported('has a lazy quantifier');
  if (quantifier[0].startsWith('?')) return { min: 0, max: 1 };
  if (quantifier[0].startsWith('*')) return { min: 0, max: Infinity };
  if (quantifier[0].startsWith('+')) return { min: 1, max: Infinity };
  const [, min, comma, max] = /(\d+)(,?)(\d*)/.exec(quantifier[0])!;
  const most = max !== '' ? Math.min(Number(max), MAX_REPETITIONS) : comma === '' ? Number(min) : Infinity;
  if (most < Number(min)) throw reader.unsupported('has a quantifier without any size');
  return { min: Number(min), max: most };
}

/** The pattern that finds one string. */
export function literalPattern(literal: string): Alternatives {
  return [
    Array.from(literal, (character) => ({
      kind: 'run',
      class: { has: (codePoint) => codePoint === character.codePointAt(0) },
      min: 1,
      max: 1,
    })),
  ];
}
