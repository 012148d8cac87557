import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePattern } from '../../../src/tokenizer/pattern/parse-pattern.ts';
import { CUT_OF_NAME } from '../../../src/tokenizer/patterns.ts';
import { splitByPattern } from '../../../src/tokenizer/split.ts';

// Characters of every class that the patterns tell apart.
const UNITS = [
  ' ',
  ' ',
  '\n',
  '\r',
  '\t',
  '\u0085',
  '\u00a0',
  '\u3000',
  '\ufeff',
  "'",
  's',
  'S',
  'ſ',
  't',
  'l',
  'L',
  'v',
  'e',
  'E',
  'ǅ',
  'ʰ',
  'ª',
  'ß',
  'Ж',
  '今',
  'か',
  '한',
  '\u0301',
  '\u0903',
  '7',
  '٣',
  '²',
  'Ⅷ',
  '!',
  '/',
  '$',
  '+',
  '(',
  '|',
  '。',
  '🦀',
  '\u{10ffff}',
  '\0',
];
const texts = fc.array(fc.constantFrom(...UNITS), { maxLength: 30 }).map((units) => units.join(''));

const cut = (pattern: string, text: string): string[] => {
  const pieces: string[] = [];
  splitByPattern(pattern)(text, true, (piece) => pieces.push(piece));
  return pieces;
};

/** The same cut by the engine's own regular expressions, whose `\s` is another one. */
function cutByEngine(pattern: string, text: string): string[] {
  const source = pattern
    .replaceAll('\\s', '\\p{White_Space}')
    .replaceAll('\\S', '\\P{White_Space}')
    .replaceAll('(?!\\P{White_Space})', '(?=\\p{White_Space}|$)');
  const pieces: string[] = [];
  let at = 0;
  for (const match of text.matchAll(new RegExp(source, 'gu'))) {
    if (match[0] === '') continue;
    if (match.index > at) pieces.push(text.slice(at, match.index));
    pieces.push(match[0]);
    at = match.index + match[0].length;
  }
  return at < text.length ? [...pieces, text.slice(at)] : pieces;
}

describe('patterns of pre-tokenizers', () => {
  const patterns = new Set([...CUT_OF_NAME.values()].flatMap((named) => named.patterns));
  it.each([...patterns])('cut like the regular expression %s', (pattern) => {
    fc.assert(
      fc.property(texts, (text) => {
        expect(cut(pattern, text)).toEqual(cutByEngine(pattern, text));
      }),
      { numRuns: 300 },
    );
  });

  it('find a contraction in any case, with the long s', () => {
    const pattern = "(?i:'s|'t)|\\p{L}+";
    expect(cut(pattern, "it'S it'ſ")).toEqual(['it', "'S", ' ', 'it', "'ſ"]);
  });

  it('cut text of Unicode 17 as libraries of Unicode 16 do', () => {
    expect(cut('\\p{L}+', 'a\u{323b0}b')).toEqual(['a', '\u{323b0}', 'b']);
  });

  it('read quantifiers, escapes, nested classes, lookahead and the end', () => {
    expect(cut('a{2}', 'aaaaa')).toEqual(['aa', 'aa', 'a']);
    expect(cut('a{2,}', 'aaaaab')).toEqual(['aaaaa', 'b']);
    expect(cut('a{1,3}', 'aaaa')).toEqual(['aaa', 'a']);
    expect(cut('a++b', 'aab')).toEqual(['aab']);
    expect(cut('[\\x41\\u0042\\t-\\n]+', 'AB\t\nC')).toEqual(['AB\t\n', 'C']);
    expect(cut('[^(\\s|[.,]]+', 'a b.c')).toEqual(['a', ' ', 'b', '.', 'c']);
    expect(cut('a(?=b)', 'ab a')).toEqual(['a', 'b a']);
    expect(cut('\\s+$', 'a  ')).toEqual(['a', '  ']);
    expect(cut('(?:ab)?c|(a|b)', 'abcab')).toEqual(['abc', 'a', 'b']);
    expect(cut('\\d+|\\w+|[a-]', '12ab--')).toEqual(['12', 'ab', '-', '-']);
  });

  it.each([
    ['a lazy quantifier', 'a+?'],
    ['a group that repeats', '(?:ab)+'],
    ['lookbehind', '(?<=a)b'],
    ['lookahead for more than one character', 'a(?!bc)'],
    ['a back reference', '(a)\\1'],
    ['an unknown category', '\\p{Emoji}'],
    ['an unknown escape', '\\b'],
    ['a dot', '.'],
    ['an unclosed class', '[abc'],
    ['an unclosed group', '(?:a'],
    ['a closed group that was not opened', 'a)'],
    ['an intersection of classes', '[\\p{L}&&[^a]]'],
    ['a quantifier out of place', '+a'],
    ['an impossible quantifier', 'a{3,2}'],
    ['three runs in one alternative', 'a*b*c*d'],
    ['deep nesting', '('.repeat(9)],
    ['a giant pattern', 'a'.repeat(5000)],
  ])('refuse %s, naming the pattern', (_, pattern) => {
    expect(() => parsePattern(pattern)).toThrow(
      expect.objectContaining({
        code: 'unsupported-tokenizer',
        message: expect.stringContaining(JSON.stringify(pattern.slice(0, 9)).slice(0, -1)) as string,
      }),
    );
  });

  it('either parse or are refused, whatever they are', () => {
    const parts = fc.constantFrom(
      'a',
      '\\p{L}',
      '\\s',
      '[',
      ']',
      '^',
      '(',
      ')',
      '|',
      '?',
      '*',
      '+',
      '{2}',
      '(?i:',
      '(?!',
      '$',
      '-',
      '\\',
      '\\p{',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), texts, (source, text) => {
        try {
          expect(cut(source.join(''), text).join('')).toBe(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'unsupported-tokenizer' });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
