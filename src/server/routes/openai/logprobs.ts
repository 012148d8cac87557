import type { Tokenizer } from '../../../tokenizer/tokenizer.ts';
import type { TokenEvent } from '../../work.ts';

interface OneLogprob {
  readonly token: string;
  readonly logprob: number;
  /** UTF-8: joined over tokens they are the text, also where a character is split. */
  readonly bytes: readonly number[];
}

export interface TokenLogprobs extends OneLogprob {
  readonly top_logprobs: readonly OneLogprob[];
}

// JSON has no -Infinity; OpenAI writes this for "too unlikely".
const LOWEST = -9999;

/** OpenAI's `logprobs.content[]` entry of a token that came with its log-probability. */
export function logprobOf(
  { tokenId, logprob = LOWEST, topLogprobs = [] }: TokenEvent,
  tokenizer: Tokenizer,
): TokenLogprobs {
  const describe = (id: number, value: number): OneLogprob => ({
    token: tokenizer.decode([id], { skipSpecial: false }),
    logprob: Math.max(LOWEST, value),
    bytes: [...tokenizer.bytesOf(id)],
  });
  return { ...describe(tokenId, logprob), top_logprobs: topLogprobs.map((top) => describe(top.tokenId, top.logprob)) };
}
