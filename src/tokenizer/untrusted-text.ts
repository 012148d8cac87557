import { RealizarError } from '../errors.ts';
import { anyOf } from './control-tokens.ts';

/** A stretch of a rendered prompt. */
export interface PromptSegment {
  readonly text: string;
  /** False for text of a message that looks like a control token, or like a part of one: it must stay text. */
  readonly trusted: boolean;
}

/** What must not reach a template as it is. */
export interface Fragments {
  /** Matches control tokens. */
  readonly whole: RegExp;
  /** Ends of control tokens: at the start of a text, what stands before it could complete them. */
  readonly atStart: ReadonlySet<string>;
  /** Beginnings of control tokens: at the end of a text, what follows could complete them. */
  readonly atEnd: ReadonlySet<string>;
  /** Middles of control tokens whose two ends the template itself writes, as in `<|` role `|>`. */
  readonly between: ReadonlySet<string>;
  /** UTF-16 units of the longest control token. */
  readonly longest: number;
}

/**
 * @param controls the texts of the control tokens
 * @param literals the texts that the template itself writes
 */
export function fragmentsOf(controls: readonly string[], literals: readonly string[]): Fragments {
  const longest = controls.reduce((most, control) => Math.max(most, control.length), 0);
  const literalStarts = new Set(
    literals.flatMap((literal) => edges(literal, longest, (length) => literal.slice(0, length))),
  );
  const literalEnds = new Set(
    literals.flatMap((literal) => edges(literal, longest, (length) => literal.slice(-length))),
  );

  const atStart = new Set<string>();
  const atEnd = new Set<string>();
  const between = new Set<string>();
  for (const control of controls) {
    for (let i = 1; i < control.length; i++) {
      atEnd.add(control.slice(0, i));
      atStart.add(control.slice(i));
      if (!literalEnds.has(control.slice(0, i))) continue;
      for (let j = i + 1; j < control.length; j++)
        if (literalStarts.has(control.slice(j))) between.add(control.slice(i, j));
    }
  }
  return { whole: anyOf(controls), atStart, atEnd, between, longest };
}

/** The beginnings or ends of a literal that could be those of a control token. */
const edges = (literal: string, longest: number, edge: (length: number) => string): string[] =>
  Array.from({ length: Math.min(literal.length, longest) }, (_, i) => edge(i + 1));

/**
 * Hides control tokens in the texts of messages from a template, and finds them again in what it rendered.
 *
 * A template joins texts of its own with texts of users, and the result does not tell which was which. So whatever
 * could be read as a control token in a user's text goes through the template as one character of private use. All
 * other text stays what it was, and templates may trim, split, compare and quote it.
 */
export class UntrustedText {
  readonly #fragments: Fragments;
  readonly #characterOf = new Map<string, string>();
  readonly #textOf = new Map<string, string>();
  readonly #unused: Iterator<string>;

  /** @param texts everything the template will see, itself included */
  constructor(fragments: Fragments, texts: readonly string[]) {
    this.#fragments = fragments;
    this.#unused = unusedCharacters(new Set(texts.flatMap((text) => text.match(/\p{Co}/gu) ?? [])));
  }

  /** The text as the template may see it. */
  hide(text: string): string {
    const { whole, atStart, atEnd, between, longest } = this.#fragments;
    const clean = text.replace(whole, (control) => this.#hidden(control));

    // Templates trim, so what is at the edge is what is at the edge after trimming.
    const core = clean.trim();
    const before = clean.slice(0, clean.length - clean.trimStart().length);
    const after = clean.slice(before.length + core.length);
    if (between.has(core)) return before + this.#hidden(core) + after;

    const head = longestMatch(longest, core.length, (length) => atStart.has(core.slice(0, length)));
    const tail = longestMatch(longest, core.length - head, (length) => atEnd.has(core.slice(core.length - length)));
    const hiddenHead = head > 0 ? this.#hidden(core.slice(0, head)) : '';
    const hiddenTail = tail > 0 ? this.#hidden(core.slice(core.length - tail)) : '';
    return before + hiddenHead + core.slice(head, core.length - tail) + hiddenTail + after;
  }

  /** What was rendered, with the hidden texts back in their places. */
  reveal(rendered: string): PromptSegment[] {
    if (this.#textOf.size === 0) return [{ text: rendered, trusted: true }];
    const hidden = new RegExp(`([${[...this.#textOf.keys()].join('')}])`, 'u');
    return rendered
      .split(hidden)
      .map((part, i) =>
        i % 2 === 0 ? { text: part, trusted: true } : { text: this.#textOf.get(part)!, trusted: false },
      )
      .filter(({ text }) => text !== '');
  }

  #hidden(text: string): string {
    const known = this.#characterOf.get(text);
    if (known !== undefined) return known;
    const { value, done } = this.#unused.next();
    if (done)
      throw new RealizarError(
        'invalid-argument',
        'The messages use every character that Unicode leaves for private use',
        { field: 'messages' },
      );
    this.#characterOf.set(text, value);
    this.#textOf.set(value, text);
    return value;
  }
}

function longestMatch(longest: number, available: number, matches: (length: number) => boolean): number {
  for (let length = Math.min(longest, available); length > 0; length--) if (matches(length)) return length;
  return 0;
}

/** Unicode's private use areas. */
const PRIVATE_USE = [
  [0xe000, 0xf8ff],
  [0xf0000, 0xffffd],
  [0x100000, 0x10fffd],
] as const;

function* unusedCharacters(used: ReadonlySet<string>): Generator<string, undefined> {
  for (const [first, last] of PRIVATE_USE) {
    for (let codePoint = first; codePoint <= last; codePoint++) {
      const character = String.fromCodePoint(codePoint);
      if (!used.has(character)) yield character;
    }
  }
  return undefined;
}
