import { RealizarError } from '../errors.ts';
import { toByteLevel } from './byte-level.ts';
import { mergeSymbols, type MergeRules } from './merge-symbols.ts';
import { PairTable } from './pair-table.ts';
import { byteSymbols, characterSymbols, type UnknownHandling } from './symbols.ts';
import { cached, type TokenModel } from './token-model.ts';
import type { Vocabulary } from './vocabulary.ts';

// Seven times what the largest published tokenizers have; ranks and positions share one float64 in mergeSymbols.
const MAX_MERGES = 2 ** 22;

export interface BpeOptions extends UnknownHandling {
  /** Pieces are text whose bytes of UTF-8 are the smallest parts, spelled as GPT-2 does; otherwise characters are. */
  readonly byteLevel: boolean;
  /** A piece that is a token as a whole becomes that token, whatever the merges say. */
  readonly ignoreMerges?: boolean;
  /** The tokens that a piece never becomes as a whole: control tokens. */
  readonly neverWhole?: ReadonlySet<number>;
}

/** Byte-pair encoding with a list of merges. Sennrich et al. 2016, arXiv:1508.07909. */
export function bpeModel(vocabulary: Vocabulary, rules: MergeRules, options: BpeOptions): TokenModel {
  const symbolsOf = options.byteLevel ? byteSymbols(vocabulary, options) : characterSymbols(vocabulary, options);
  const wholeId = (piece: string): number | undefined => {
    const id = vocabulary.ids.get(options.byteLevel ? toByteLevel(piece) : piece);
    return id === undefined || options.neverWhole?.has(id) ? undefined : id;
  };
  return cached({
    encode(piece, ids) {
      const whole = options.ignoreMerges ? wholeId(piece) : undefined;
      const symbols = whole === undefined ? symbolsOf(piece) : Int32Array.of(whole);
      const count = mergeSymbols(symbols, rules);
      for (let i = 0; i < count; i++) ids.push(symbols[i]!);
    },
  });
}

/**
 * The rules of a list of merges: the index is the rank, and a rule makes the token spelled like its two parts together.
 *
 * @param merges `"left right"`, or the two parts
 * @throws RealizarError `bad-tokenizer` for a merge without two parts, or whose parts or result are no tokens
 */
export function mergeRules(
  vocabulary: Vocabulary,
  merges: readonly (string | readonly [string, string])[],
  field: string,
): MergeRules {
  if (merges.length > MAX_MERGES)
    throw new RealizarError(
      'bad-tokenizer',
      `${field} holds ${merges.length} merges; at most ${MAX_MERGES} are supported`,
      { field },
    );
  const pairs = new PairTable(merges.length);
  const results = new Int32Array(merges.length);
  let last = 0;
  merges.forEach((merge, rank) => {
    const [left, right] = typeof merge === 'string' ? partsOf(merge) : merge;
    const leftId = vocabulary.ids.get(left);
    const rightId = vocabulary.ids.get(right);
    const result = joinedId(vocabulary, left, right, last);
    if (leftId === undefined || rightId === undefined || result === undefined)
      throw new RealizarError(
        'bad-tokenizer',
        `${field}[${rank}] joins ${shown(left)} and ${shown(right)}, but the vocabulary lacks ${shown(leftId === undefined ? left : rightId === undefined ? right : left + right)}`,
        { field },
      );
    pairs.set(leftId, rightId, rank);
    results[rank] = last = result;
  });
  return { pairs, results, ranks: Int32Array.from(results, (_, rank) => rank) };
}

/** The id of both parts together: mostly that of the merge before or the one after it, which saves joining strings. */
function joinedId({ tokens, ids }: Vocabulary, left: string, right: string, last: number): number | undefined {
  for (let id = last; id <= last + 1; id++) {
    const token = tokens[id];
    if (
      token !== undefined &&
      token.length === left.length + right.length &&
      token.startsWith(left) &&
      token.endsWith(right) &&
      ids.get(token) === id
    )
      return id;
  }
  return ids.get(left + right);
}

/** The space that separates the parts is never the first character, which may be a part of its own. */
function partsOf(merge: string): [string, string] {
  const space = merge.indexOf(' ', 1);
  return space < 0 ? [merge, ''] : [merge.slice(0, space), merge.slice(space + 1)];
}

const shown = (token: string): string => JSON.stringify(token.length > 40 ? `${token.slice(0, 40)}…` : token);
