/** Tokens that have to agree before what followed them is worth a guess, and more than which say nothing new. */
const MIN_MATCH = 2;
const MAX_MATCH = 4;

/**
 * What a row beside another costs, in steps of one row: decoding waits for weights, which a step reads once for all rows.
 * bench/RESULTS.md has the measured costs of 2 to 11 rows on a CPU.
 */
const ROW_COST = 0.3;
/** How much one guess changes the expectation: about the last ten count. */
const LEARNING_RATE = 0.1;
const FIRST_EXPECTATION = 0.5;

/**
 * Guesses the next tokens: the end of a text often stood in it before, and then what followed may follow again.
 * Saxena 2023, "Prompt Lookup Decoding", https://github.com/apoorvumang/prompt-lookup-decoding.
 *
 * Guesses that are not computed are compared with what came all the same. So it knows how often a match of so many tokens
 * tells the truth, drafts as many tokens as pay on average, and costs nothing in a text that does not repeat itself.
 */
export class PromptLookup {
  readonly #maxDraft: number;
  /** How often the guess after a match of so many tokens was right. */
  readonly #expectations = new Float64Array(MAX_MATCH + 1).fill(FIRST_EXPECTATION);
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
    this.#guess = found.length < MIN_MATCH ? [] : continuation(tokenIds, found.end, this.#maxDraft);
    return this.#guess.slice(0, draftLength(this.#expectations[found.length]!, this.#maxDraft));
  }

  #learn(tokenIds: readonly number[]): void {
    for (const [i, guess] of this.#guess.entries()) {
      const actual = tokenIds[this.#start + i];
      if (actual === undefined) return;
      const isRight = Number(guess === actual);
      this.#expectations[this.#match]! += LEARNING_RATE * (isRight - this.#expectations[this.#match]!);
      if (!isRight) return;
    }
  }
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

/** The length of draft whose tokens per step are the most for their cost, when each is right with this probability. */
function draftLength(expectation: number, max: number): number {
  let best = 0;
  let most = 1;
  let tokens = 1;
  let probability = 1;
  for (let length = 1; length <= max; length++) {
    probability *= expectation;
    tokens += probability;
    const gain = tokens / (1 + ROW_COST * length);
    if (gain <= most) continue;
    most = gain;
    best = length;
  }
  return best;
}
