import type { MergeRules } from './merge-symbols.ts';
import { PairTable } from './pair-table.ts';
import type { Vocabulary } from './vocabulary.ts';

const NO_RULE = -1;

/** Pairs that are remembered, with a rule or without; those of a long text are fewer by far. */
const MAX_KNOWN_PAIRS = 2 ** 18;

/**
 * The merges that scores imply: two neighbours become one whenever that is a token, the one with the best score first. A rule
 * has its token's id as index, and is found when its pair is met: to list those of a whole vocabulary takes longer than a
 * prompt's.
 *
 * @param inText whether a token may be a part or a result of a merge
 */
export function scoreRules(
  vocabulary: Vocabulary,
  scores: ArrayLike<number>,
  inText: (id: number) => boolean,
): MergeRules {
  const pairs = new ScoredPairs(vocabulary, scores, inText);
  const results = new Int32Array(vocabulary.tokens.length);
  for (let id = 0; id < results.length; id++) results[id] = id;
  return { pairs, ranks: pairs.ranks, results };
}

class ScoredPairs {
  /** Of the rules that `get` has found. */
  readonly ranks: Int32Array;
  private readonly vocabulary: Vocabulary;
  private readonly scores: ArrayLike<number>;
  private readonly inText: (id: number) => boolean;
  private known = new PairTable();
  private knownPairs = 0;
  /** Rising, negated. */
  private sortedScores: Float64Array | undefined;

  constructor(vocabulary: Vocabulary, scores: ArrayLike<number>, inText: (id: number) => boolean) {
    this.vocabulary = vocabulary;
    this.scores = scores;
    this.inText = inText;
    this.ranks = new Int32Array(vocabulary.tokens.length);
  }

  /** @returns the rule of a pair, or -1 */
  get(left: number, right: number): number {
    const known = this.known.get(left, right);
    if (known >= 0) return known - 1;
    const rule = this.find(left, right);
    if (this.knownPairs === MAX_KNOWN_PAIRS) {
      this.known = new PairTable();
      this.knownPairs = 0;
    }
    this.known.set(left, right, rule + 1);
    this.knownPairs += 1;
    if (rule !== NO_RULE) this.ranks[rule] = this.rankOf(this.scores[rule]!);
    return rule;
  }

  private find(left: number, right: number): number {
    const { tokens, ids } = this.vocabulary;
    const [first, second] = [tokens[left]!, tokens[right]!];
    if (first === '' || second === '' || !this.inText(left) || !this.inText(right)) return NO_RULE;
    const joined = ids.get(first + second);
    return joined !== undefined && this.inText(joined) ? joined : NO_RULE;
  }

  /** How many scores are better. */
  private rankOf(score: number): number {
    this.sortedScores ??= Float64Array.from(this.scores, (each) => -each).sort();
    let [low, high] = [0, this.sortedScores.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sortedScores[middle]! < -score) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
