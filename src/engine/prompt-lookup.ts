/** A match of more tokens than this says nothing new. */
const MAX_MATCH = 12;

/**
 * What a row beside another costs, in steps of one row: decoding waits for weights, which a step reads once for all rows.
 * bench/RESULTS.md has the measured costs of 2 to 11 rows on a CPU.
 */
const ROW_COST = 0.25;
/** How much one guess changes the expectation: about the last twenty count. */
const LEARNING_RATE = 0.05;

/**
 * Guesses the next tokens: the end of a text often stood in it before, and then what followed may follow again.
 * Saxena 2023, "Prompt Lookup Decoding", https://github.com/apoorvumang/prompt-lookup-decoding.
 *
 * A guess behind right guesses is one behind a match that is longer by them. Guesses that are not computed are compared with
 * what came all the same. So it knows how often a match of so many tokens tells the truth, drafts as many tokens as pay on
 * average, and costs nothing in a text that does not repeat itself.
 */
export class PromptLookup {
  readonly #maxDraft: number;
  /** How often the guess after a match of so many tokens was right. */
  readonly #expectations = Float64Array.from({ length: MAX_MATCH + 1 }, (_, match) => firstExpectation(match));
  /** What was guessed last, from which position on, and by a match of how many tokens. */
  #guess: readonly number[] = [];
  #start = 0;
  #match = 0;
  #drafted = 0;
  #accepted = 0;

  /** @param maxDraft tokens of a draft at most */
  constructor(maxDraft: number) {
    this.#maxDraft = maxDraft;
  }

  get counts(): { readonly draftedTokens: number; readonly acceptedTokens: number } {
    return { draftedTokens: this.#drafted, acceptedTokens: this.#accepted };
  }

  onDrafted(tokens: number): void {
    this.#drafted += tokens;
  }

  onAccepted(): void {
    this.#accepted++;
  }

  /** The tokens to compute beside the last of these; none where they would probably be wrong. */
  draft(tokenIds: readonly number[]): readonly number[] {
    this.#learn(tokenIds);
    const found = longestMatch(tokenIds);
    this.#match = found.length;
    this.#start = tokenIds.length;
    this.#guess = found.length === 0 ? [] : continuation(tokenIds, found.end, this.#maxDraft);
    return this.#guess.slice(0, this.#draftLength());
  }

  #learn(tokenIds: readonly number[]): void {
    for (const [i, guess] of this.#guess.entries()) {
      const actual = tokenIds[this.#start + i];
      if (actual === undefined) return;
      const isRight = guess === actual;
      const match = this.#matchAt(i);
      this.#expectations[match]! += LEARNING_RATE * (Number(isRight) - this.#expectations[match]!);
      if (!isRight) return;
    }
  }

  /** Tokens of the match that guess `i` follows if all guesses before it are right. */
  #matchAt(i: number): number {
    return Math.min(this.#match + i, MAX_MATCH);
  }

  /** The length of draft that gives the most tokens for its cost. */
  #draftLength(): number {
    let best = 0;
    let most = 1;
    let tokens = 1;
    let probability = 1;
    for (let length = 1; length <= this.#guess.length; length++) {
      probability *= this.#expectations[this.#matchAt(length - 1)]!;
      tokens += probability;
      const gain = tokens / (1 + ROW_COST * length);
      if (gain <= most) continue;
      most = gain;
      best = length;
    }
    return best;
  }
}

/** How often a guess behind a match of so many tokens is right in texts that summarise, answer or rewrite others: 0.2, 0.43, 0.56, ... */
function firstExpectation(match: number): number {
  return Math.max(0, 1 - 2 / (match + 1.5));
}

/** Where the last tokens stood before: the longest match of up to MAX_MATCH, of equal ones the latest, which ends before `end`. */
function longestMatch(tokenIds: readonly number[]): { readonly length: number; readonly end: number } {
  const last = tokenIds.length - 1;
  let best = { length: 0, end: 0 };
  for (let at = last - 1; at >= 0 && best.length < MAX_MATCH; at--) {
    if (tokenIds[at] !== tokenIds[last]) continue;
    let length = 1;
    while (length < MAX_MATCH && length <= at && tokenIds[at - length] === tokenIds[last - length]) length++;
    if (length > best.length) best = { length, end: at + 1 };
  }
  return best;
}

/** `count` tokens from `start` on. Where they reach the end they go on with themselves, as a loop does. */
function continuation(tokenIds: readonly number[], start: number, count: number): number[] {
  const period = tokenIds.length - start;
  return Array.from({ length: count }, (_, i) => tokenIds[start + (i % period)]!);
}
