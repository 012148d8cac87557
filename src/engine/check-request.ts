import { RealizarError } from '../errors.ts';

// Counts of tokens beyond any context.
const MAX_COUNT = 2 ** 31 - 1;
/** More alternatives than anyone shows; each costs a place in every event. */
const MAX_LOGPROBS = 1024;

/** Each guessed token is a row of the step; more than these seldom come true together. */
export const MAX_PROMPT_LOOKUP = 64;

export interface PromptLimits {
  /** Ids are below it. */
  readonly vocabSize: number;
  readonly contextLength: number;
  /** Tokens that have to fit beside the prompt. */
  readonly newTokens: number;
}

/** @throws RealizarError `invalid-argument` | `context-length-exceeded` */
export function checkPrompt(tokenIds: readonly number[], { vocabSize, contextLength, newTokens }: PromptLimits): void {
  if (tokenIds.length === 0) throw invalid('prompt', 'the prompt has no tokens; there is nothing to continue');
  if (tokenIds.length + newTokens > contextLength) {
    throw new RealizarError(
      'context-length-exceeded',
      `the prompt has ${tokenIds.length} tokens and the context ${contextLength}; shorten the prompt, or load the model with a larger contextLength`,
      { field: 'prompt' },
    );
  }
  for (const id of tokenIds) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize)
      throw invalid('prompt', `${String(id)} is no token id; they go from 0 to ${vocabSize - 1}`);
  }
}

/** @throws RealizarError `invalid-argument` */
export const checkMaxTokens = (maxTokens: number | undefined): number =>
  countOf('maxTokens', maxTokens, MAX_COUNT) ?? Infinity;

/** @throws RealizarError `invalid-argument` */
export const checkLogprobs = (logprobs: number | undefined): number | undefined =>
  countOf('logprobs', logprobs, MAX_LOGPROBS);

/** @throws RealizarError `invalid-argument` */
export const checkPromptLookup = (tokens: number | undefined): number =>
  countOf('promptLookup', tokens, MAX_PROMPT_LOOKUP) ?? 0;

function countOf(field: string, value: number | undefined, max: number): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return value;
  throw invalid(field, `${field} is ${String(value)} and has to be a whole number from 0 to ${max}`);
}

const invalid = (field: string, message: string) => new RealizarError('invalid-argument', message, { field });
