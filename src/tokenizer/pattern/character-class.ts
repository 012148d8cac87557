import {
  DECIMAL_DIGIT,
  LETTER,
  LOWERCASE,
  MARK,
  MODIFIER_LETTER,
  NUMBER,
  OTHER_LETTER,
  propertiesOf,
  PUNCTUATION,
  SYMBOL,
  TITLECASE,
  UPPERCASE,
  WHITESPACE,
  WORD,
} from '../code-points.ts';
import type { PatternReader } from './pattern-reader.ts';

/** A set of code points, as `[^\r\n\p{L}]` writes it. */
export interface CharacterClass {
  has(codePoint: number): boolean;
}

interface ClassParts {
  /** Bits of code-points.ts, of which a member has one. */
  present: number;
  /** Bits of which a member lacks one: `\S` within a class. */
  absent: number;
  readonly ranges: (readonly [first: number, last: number])[];
}

const CATEGORIES: ReadonlyMap<string, number> = new Map([
  ['L', LETTER],
  ['N', NUMBER],
  ['P', PUNCTUATION],
  ['S', SYMBOL],
  ['M', MARK],
  ['Lu', UPPERCASE],
  ['Ll', LOWERCASE],
  ['Lt', TITLECASE],
  ['Lm', MODIFIER_LETTER],
  ['Lo', OTHER_LETTER],
  ['Nd', DECIMAL_DIGIT],
]);
const CONTROLS: ReadonlyMap<string, number> = new Map([
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['f', 0x0c],
  ['v', 0x0b],
]);
const ASCII = 128;

/** Reads `[^…]`, `\p{L}`, `\s`, or one character that stands for itself. */
export function readClass(reader: PatternReader, ignoreCase: boolean): CharacterClass {
  const parts: ClassParts = { present: 0, absent: 0, ranges: [] };
  if (!reader.accept('[')) {
    if (reader.match(/[.*+?{}^\])]/y)) throw reader.unsupported('has an operator out of place');
    readMember(reader, parts, ignoreCase);
    return compile(parts, false);
  }
  const negated = reader.accept('^');
  readMembers(reader, parts, ignoreCase, 0);
  return compile(parts, negated);
}

/** The members up to `]`. A class within a class adds its members, as in `[^(\s|[.,!?])]`. */
function readMembers(reader: PatternReader, parts: ClassParts, ignoreCase: boolean, depth: number): void {
  do {
    if (reader.sees('&&') || reader.sees('[:') || reader.sees('[^') || depth > 1)
      throw reader.unsupported('computes with classes');
    if (reader.accept('[')) readMembers(reader, parts, ignoreCase, depth + 1);
    else readMember(reader, parts, ignoreCase);
  } while (!reader.accept(']'));
}

function readMember(reader: PatternReader, parts: ClassParts, ignoreCase: boolean): void {
  const category = reader.match(/\\p\{(\w+)\}/y)?.[1];
  if (category !== undefined) {
    const bit = CATEGORIES.get(category);
    if (bit === undefined) throw reader.unsupported(`asks for \\p{${category}}`);
    parts.present |= bit;
  } else if (reader.accept('\\s')) parts.present |= WHITESPACE;
  else if (reader.accept('\\S')) parts.absent |= WHITESPACE;
  else if (reader.accept('\\d')) parts.present |= DECIMAL_DIGIT;
  else if (reader.accept('\\w')) parts.present |= WORD;
  else {
    const first = readCharacter(reader);
    const isRange = reader.sees('-') && !reader.sees('-]');
    if (isRange) reader.accept('-');
    const last = isRange ? readCharacter(reader) : first;
    parts.ranges.push([first, last]);
    if (ignoreCase) parts.ranges.push(...otherCases(first, last).map((codePoint) => [codePoint, codePoint] as const));
  }
}

function readCharacter(reader: PatternReader): number {
  if (!reader.accept('\\')) return reader.codePoint();
  const hexadecimal = reader.match(/[xu]\{?([0-9a-fA-F]{2,6})\}?/y)?.[1];
  if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16);
  const letter = reader.match(/[a-zA-Z0-9]/y)?.[0];
  if (letter === undefined) return reader.codePoint();
  const control = CONTROLS.get(letter);
  if (control === undefined) throw reader.unsupported(`has the escape \\${letter}`);
  return control;
}

/** The other spellings of the letters in a range: `s` is also `S` and the long `ſ`. */
function otherCases(first: number, last: number): number[] {
  const cases: number[] = [];
  for (let codePoint = first; codePoint <= Math.min(last, ASCII); codePoint++) {
    const letter = String.fromCodePoint(codePoint);
    cases.push(letter.toLowerCase().codePointAt(0)!, letter.toUpperCase().codePointAt(0)!);
    if (letter.toLowerCase() === 's') cases.push(0x17f);
    if (letter.toLowerCase() === 'k') cases.push(0x212a);
  }
  return cases;
}

/** The answers for ASCII are looked up, as most text asks only for those. */
function compile({ present, absent, ranges }: ClassParts, negated: boolean): CharacterClass {
  const test = (codePoint: number): boolean => {
    const bits = propertiesOf(codePoint);
    const member =
      (bits & present) !== 0 ||
      (~bits & absent) !== 0 ||
      ranges.some(([first, last]) => codePoint >= first && codePoint <= last);
    return member !== negated;
  };
  const ascii = Array.from({ length: ASCII }, (_, codePoint) => test(codePoint));
  return { has: (codePoint) => (codePoint < ASCII ? ascii[codePoint]! : test(codePoint)) };
}
