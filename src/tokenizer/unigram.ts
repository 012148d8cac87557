import { PairTable } from './pair-table.ts';
import { byteFallbackOf } from './symbols.ts';
import type { TokenModel } from './token-model.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface UnigramOptions {
  readonly unknownId: number | undefined;
  /** A character without a token becomes the tokens `<0x00>` to `<0xFF>` of its bytes. */
  readonly byteFallback?: boolean;
  /** How a token may be found in text: by its score, whenever it is there, or never. */
  readonly kindOf: (id: number) => 'normal' | 'user-defined' | 'never';
  /** Sums are rounded to float32 as SentencePiece does, which decides between ways that are equally likely. */
  readonly float32?: boolean;
}

/** How much less likely than the least likely token an unknown character is. */
const UNKNOWN_PENALTY = 10;
const UNKNOWN = -1;

/**
 * The unigram model: of all ways to write a piece as tokens, the one with the greatest sum of log probabilities, found
 * by Viterbi's algorithm over a trie in O(n · longest token).
 *
 * Kudo 2018, arXiv:1804.10959.
 *
 * @param scores log probability of each token
 */
export function unigramModel(vocabulary: Vocabulary, scores: ArrayLike<number>, options: UnigramOptions): TokenModel {
  const trie = new TokenTrie(vocabulary, scores, options);
  const fallback = options.byteFallback ? byteFallbackOf(vocabulary) : () => undefined;
  return {
    encode(piece, ids) {
      const { idAt, startAt } = bestPath(trie, piece, options.float32 ?? false);
      const ends: number[] = [];
      for (let end = piece.length; end > 0; end = startAt[end]!) ends.push(end);
      let lastUnknown = false;
      for (const end of ends.reverse()) {
        const id = idAt[end]!;
        const bytes = id === UNKNOWN ? fallback(piece.slice(startAt[end], end)) : undefined;
        const unknown = id === UNKNOWN && !bytes;
        if (bytes) for (const byte of bytes) ids.push(byte);
        else if (!unknown) ids.push(id);
        else if (options.unknownId !== undefined && !lastUnknown) ids.push(options.unknownId);
        lastUnknown = unknown;
      }
    },
  };
}

/** For each position: the token that ends there on the best way to it, and where that token starts. */
function bestPath(trie: TokenTrie, piece: string, float32: boolean): { idAt: Int32Array; startAt: Int32Array } {
  const round = roundingOf(float32);
  const sumAt = new Float64Array(piece.length + 1);
  const idAt = new Int32Array(piece.length + 1);
  const startAt = new Int32Array(piece.length + 1).fill(-1);

  for (let start = 0; start < piece.length;) {
    const sum = sumAt[start]!;
    const consider = (end: number, id: number, score: number): void => {
      const candidate = round(score + sum);
      if (startAt[end] !== -1 && candidate <= sumAt[end]!) return;
      sumAt[end] = candidate;
      startAt[end] = start;
      idAt[end] = id;
    };
    const next = start + (piece.codePointAt(start)! > 0xffff ? 2 : 1);
    let hasCharacter = false;
    let node = 0;
    for (let at = start; at < piece.length;) {
      node = trie.edges.get(node, piece.charCodeAt(at++));
      if (node < 0) break;
      const id = trie.tokenAt[node]!;
      if (id === UNKNOWN) continue;
      consider(at, id, trie.scoreOf[id]!);
      if (at === next) hasCharacter = true;
    }
    if (!hasCharacter) consider(next, UNKNOWN, trie.unknownScore);
    start = next;
  }
  return { idAt, startAt };
}

const roundingOf = (float32: boolean): ((value: number) => number) => (float32 ? Math.fround : (value) => value);

class TokenTrie {
  /** (node, UTF-16 unit) → node; node 0 is the root. */
  readonly edges = new PairTable();
  /** The token that ends at each node. */
  readonly tokenAt: number[] = [UNKNOWN];
  readonly scoreOf: Float64Array;
  readonly unknownScore: number;

  constructor({ tokens }: Vocabulary, scores: ArrayLike<number>, { kindOf, float32 = false }: UnigramOptions) {
    const round = roundingOf(float32);
    this.scoreOf = Float64Array.from(scores);
    let least = Infinity;
    let greatest = -Infinity;
    tokens.forEach((_, id) => {
      if (kindOf(id) !== 'normal') return;
      least = Math.min(least, scores[id]!);
      greatest = Math.max(greatest, scores[id]!);
    });
    this.unknownScore = round((least === Infinity ? 0 : least) - UNKNOWN_PENALTY);

    const encoder = new TextEncoder();
    tokens.forEach((token, id) => {
      const kind = kindOf(id);
      if (kind === 'never' || token === '') return;
      // SentencePiece's bonus: longer than any way to write it with other tokens.
      if (kind === 'user-defined') this.scoreOf[id] = round(encoder.encode(token).length * greatest - 0.1);
      this.add(token, id);
    });
  }

  private add(token: string, id: number): void {
    let node = 0;
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i);
      let child = this.edges.get(node, unit);
      if (child < 0) {
        child = this.tokenAt.push(UNKNOWN) - 1;
        this.edges.set(node, unit, child);
      }
      node = child;
    }
    if (this.tokenAt[node] === UNKNOWN) this.tokenAt[node] = id;
  }
}
