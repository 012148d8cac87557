import { RealizarError } from '../errors.ts';
import { propertiesOf, WHITESPACE, WORD } from './code-points.ts';
import { PairTable } from './pair-table.ts';

/** A token that is found in the text before the text is cut: control tokens, and words a model's users added. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Steers the model instead of standing for text: left out by `decode`, left alone in text that users wrote. */
  readonly control: boolean;
  /** Takes the whitespace before (after) it along. */
  readonly leftStrip?: boolean;
  readonly rightStrip?: boolean;
  /** Only counts where no letter or digit touches it. */
  readonly singleWord?: boolean;
}

export interface AddedTokenMatch {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

// Every position of a text may be compared with this many characters. The longest of published tokenizers are runs of
// 32 spaces and names under 60 characters.
const MAX_ADDED_LENGTH = 1024;
const MAX_ADDED_TOKENS = 2 ** 17;

/** Finds added tokens from left to right, the longest where several start together. */
export class AddedTokenFinder {
  private readonly tokens: readonly AddedToken[];
  /** (node, UTF-16 unit) → node; node 0 is the root. */
  private readonly edges = new PairTable();
  /** The token that ends at each node, or -1. */
  private readonly tokenAt: number[] = [-1];
  private readonly starts = new Uint8Array(0x10000);

  /** @throws RealizarError `bad-tokenizer` for too many tokens or a giant one */
  constructor(tokens: readonly AddedToken[]) {
    if (tokens.length > MAX_ADDED_TOKENS)
      throw new RealizarError(
        'bad-tokenizer',
        `${tokens.length} added tokens are too many; at most ${MAX_ADDED_TOKENS} are supported`,
      );
    this.tokens = tokens;
    tokens.forEach((token, index) => this.add(token.content, index));
  }

  private add(content: string, index: number): void {
    if (content === '') return;
    if (content.length > MAX_ADDED_LENGTH)
      throw new RealizarError(
        'bad-tokenizer',
        `an added token is ${content.length} characters long; at most ${MAX_ADDED_LENGTH} are supported`,
      );
    let node = 0;
    for (let i = 0; i < content.length; i++) {
      const unit = content.charCodeAt(i);
      let child = this.edges.get(node, unit);
      if (child < 0) {
        child = this.tokenAt.push(-1) - 1;
        this.edges.set(node, unit, child);
      }
      node = child;
    }
    this.tokenAt[node] = index;
    this.starts[content.charCodeAt(0)] = 1;
  }

  /**
   * The first match that starts at `from` or after it.
   *
   * @param withControl whether control tokens count
   */
  find(text: string, from: number, withControl: boolean): AddedTokenMatch | undefined {
    if (this.tokens.length === 0) return undefined;
    for (let at = from; at < text.length; at++) {
      if (this.starts[text.charCodeAt(at)] === 0) continue;
      const token = this.longestAt(text, at, withControl);
      if (token) return extend(token, text, from, at);
    }
    return undefined;
  }

  private longestAt(text: string, start: number, withControl: boolean): AddedToken | undefined {
    let node = 0;
    let longest: AddedToken | undefined;
    for (let at = start; at < text.length;) {
      node = this.edges.get(node, text.charCodeAt(at++));
      if (node < 0) break;
      const token = this.tokens[this.tokenAt[node]!];
      if (token && (withControl || !token.control) && !(token.singleWord && touchesWord(text, start, at)))
        longest = token;
    }
    return longest;
  }
}

function touchesWord(text: string, start: number, end: number): boolean {
  const isWord = (codePoint: number): boolean => (propertiesOf(codePoint) & WORD) !== 0;
  return (start > 0 && isWord(codePointBefore(text, start))) || (end < text.length && isWord(text.codePointAt(end)!));
}

function codePointBefore(text: string, at: number): number {
  const pair = at >= 2 ? text.codePointAt(at - 2)! : 0;
  return pair > 0xffff ? pair : text.charCodeAt(at - 1);
}

// All whitespace lies in the basic plane: one unit is one code point here.
const isWhitespace = (text: string, at: number): boolean => (propertiesOf(text.charCodeAt(at)) & WHITESPACE) !== 0;

function extend(token: AddedToken, text: string, from: number, at: number): AddedTokenMatch {
  let start = at;
  let end = at + token.content.length;
  if (token.leftStrip) while (start > from && isWhitespace(text, start - 1)) start--;
  if (token.rightStrip) while (end < text.length && isWhitespace(text, end)) end++;
  return { id: token.id, start, end };
}
