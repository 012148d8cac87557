import { bestFirst } from './best-first.ts';
import { candidatesOf } from './candidates.ts';
import { maximum } from './softmax.ts';

export interface Logprobs {
  /** ln p of the chosen token. */
  readonly logprob: number;
  /** The `count` likeliest tokens, best first. */
  readonly top: readonly { readonly tokenId: number; readonly logprob: number }[];
}

/**
 * Log-probabilities by the model's own logits, before any sampler.
 *
 * @param logits [vocab]
 * @param count  how many alternatives; 0: none
 */
export function logprobsOf(logits: Float32Array, tokenId: number, count: number): Logprobs {
  const best = maximum(logits);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - best);
  const logTotal = best + Math.log(sum);

  const { ids } = bestFirst(candidatesOf(logits), count);
  return {
    logprob: logits[tokenId]! - logTotal,
    top: Array.from(ids, (id) => ({ tokenId: id, logprob: logits[id]! - logTotal })),
  };
}
