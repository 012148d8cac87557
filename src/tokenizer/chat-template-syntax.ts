import { RealizarError } from '../errors.ts';
import { limit } from './chat-template-budget.ts';

/** UTF-16 units. The longest templates in use have about 30,000. */
const MAX_SOURCE = 256 * 1024;
/** The Jinja library looks back over white space before tags: time grows with the square of a run's length. */
const MAX_WHITESPACE_RUN = 1024;
/** Brackets in brackets, and blocks in blocks. The library's parser calls itself for each. */
const MAX_NESTING = 100;

/**
 * Refuses templates that would take long to parse.
 *
 * @throws RealizarError `template-limit`; `template-error` for an empty one
 */
export function checkSource(source: string): void {
  if (source.trim() === '')
    throw new RealizarError('template-error', 'The chat template is empty', { field: 'chat_template' });
  if (source.length > MAX_SOURCE) throw limit(`has ${source.length} characters; ${MAX_SOURCE} are allowed`);
  if (longestRun(source, /\s/) > MAX_WHITESPACE_RUN)
    throw limit(`has more than ${MAX_WHITESPACE_RUN} white space characters in a row`);
  if (deepest(source.matchAll(/[([{]|[)\]}]/g), /[([{]/) > MAX_NESTING)
    throw limit(`nests brackets more than ${MAX_NESTING} deep`);
  if (
    deepest(
      source.matchAll(/\{%[-+]?\s*(?:(?:end)?(?:if|for|macro|call|filter))\b/g),
      /\b(?:if|for|macro|call|filter)$/,
    ) > MAX_NESTING
  ) {
    throw limit(`nests blocks more than ${MAX_NESTING} deep`);
  }
}

function longestRun(text: string, kind: RegExp): number {
  let longest = 0;
  let run = 0;
  for (const character of text) {
    run = kind.test(character) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** How many matches are open at once. Text is counted like code: too careful, but templates are far from the limit. */
function deepest(matches: Iterable<RegExpMatchArray>, opens: RegExp): number {
  let depth = 0;
  let most = 0;
  for (const [match] of matches) {
    depth = opens.test(match) ? depth + 1 : Math.max(0, depth - 1);
    most = Math.max(most, depth);
  }
  return most;
}

/** Every text that a parsed template contains: what it writes, and what it compares with. */
export function literalsOf(program: unknown): string[] {
  const found = new Set<string>();
  const waiting: unknown[] = [program];
  while (waiting.length > 0) {
    const node = waiting.pop();
    if (typeof node !== 'object' || node === null) continue;
    if ('type' in node && node.type === 'StringLiteral' && 'value' in node) found.add(node.value as string);
    waiting.push(...(node instanceof Map ? [...node.keys(), ...node.values()] : Object.values(node)));
  }
  return [...found];
}

/** A token of the Jinja library: its text without its place. */
export interface SyntaxToken {
  readonly type: string;
  readonly value: string;
}

/**
 * Runs a parser, and adds the line and column it came to when it fails.
 *
 * The library tells no places, but which token it read last, and the tokens stand in the source in their order.
 */
export function withPlace<Token extends SyntaxToken, T>(
  source: string,
  tokens: Token[],
  parse: (tokens: Token[]) => T,
): T {
  let last = 0;
  const read = (at: Token[], key: string | symbol): unknown => {
    if (typeof key === 'string' && /^\d+$/.test(key)) last = Math.max(last, Number(key));
    return Reflect.get(at, key);
  };
  try {
    return parse(new Proxy(tokens, { get: read }));
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RangeError) throw error;
    throw new SyntaxError(`${error.message} (${placeOf(source, tokens.slice(0, last + 1))})`, { cause: error });
  }
}

/** Where the last of these tokens stands. Texts are left out: white space may be missing at their edges. */
function placeOf(source: string, tokens: readonly SyntaxToken[]): string {
  let at = 0;
  let after = 0;
  for (const { type, value } of tokens) {
    const found = type === 'Text' ? -1 : source.indexOf(value, after);
    if (found < 0) continue;
    at = found;
    after = found + value.length;
  }
  const lines = source.slice(0, at).split('\n');
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}
