import { isNewInUnicode17 } from './unicode-17.ts';

// What the patterns of pre-tokenizers ask of one code point: a set of bits, because \p{L} or \s in a regular expression
// over the whole text would bring backtracking with it.

export const LETTER = 1;
export const NUMBER = 2;
/** White_Space as Rust and Oniguruma define `\s`: with U+0085, without U+FEFF; JavaScript's `\s` differs in both. */
export const WHITESPACE = 4;
export const PUNCTUATION = 8;
export const SYMBOL = 16;
export const MARK = 32;
export const UPPERCASE = 64;
export const LOWERCASE = 128;
export const TITLECASE = 256;
export const MODIFIER_LETTER = 512;
export const OTHER_LETTER = 1024;
export const DECIMAL_DIGIT = 2048;
/** `\w`: letters, marks, decimal digits, connector punctuation. */
export const WORD = 4096;

const TESTS: readonly (readonly [RegExp, number])[] = [
  [/^\p{L}/u, LETTER],
  [/^\p{N}/u, NUMBER],
  [/^\p{White_Space}/u, WHITESPACE],
  [/^\p{P}/u, PUNCTUATION],
  [/^\p{S}/u, SYMBOL],
  [/^\p{M}/u, MARK],
  [/^\p{Lu}/u, UPPERCASE],
  [/^\p{Ll}/u, LOWERCASE],
  [/^\p{Lt}/u, TITLECASE],
  [/^\p{Lm}/u, MODIFIER_LETTER],
  [/^\p{Lo}/u, OTHER_LETTER],
  [/^\p{Nd}/u, DECIMAL_DIGIT],
  [/^[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u, WORD],
];

/** ʕ counted as lowercase until Unicode 17. */
const GLOTTAL = 0x295;

/** Pages of 256 code points, filled when the first of them is asked for. */
const pages: (Uint16Array | undefined)[] = Array.from({ length: 0x1100 });

/** The bits of a code point; 0 where none holds. */
export function propertiesOf(codePoint: number): number {
  return (pages[codePoint >> 8] ?? fillPage(codePoint >> 8))[codePoint & 255]!;
}

function fillPage(index: number): Uint16Array {
  const page = new Uint16Array(256);
  for (let i = 0; i < 256; i++) {
    const codePoint = (index << 8) | i;
    if (isNewInUnicode17(codePoint)) continue;
    const character = String.fromCodePoint(codePoint);
    for (const [test, bit] of TESTS) if (test.test(character)) page[i]! |= bit;
  }
  if (index === GLOTTAL >> 8) page[GLOTTAL & 255] = LETTER | LOWERCASE | WORD;
  pages[index] = page;
  return page;
}
