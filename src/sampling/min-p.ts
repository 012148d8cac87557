import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { pick } from './candidates.ts';
import { maximum } from './softmax.ts';

/**
 * Drops every token less than `ratio` times as likely as the best one.
 *
 * Works on logits without a softmax, because p(i) / p(best) = exp(logit(i) - logit(best)).
 *
 * @param ratio 0..1; 0: off, 1 keeps only the best
 * @see Nguyen et al. 2024, "Min P Sampling", arXiv:2407.01082
 */
export function minP(candidates: Candidates, ratio: number, minKeep: number): Candidates {
  if (ratio <= 0) return candidates;
  const cutoff = maximum(candidates.logits) + Math.log(ratio);
  const kept: number[] = [];
  for (let i = 0; i < candidates.logits.length; i++) if (candidates.logits[i]! >= cutoff) kept.push(i);
  return kept.length < minKeep ? bestFirst(candidates, minKeep) : pick(candidates, kept, candidates.sorted);
}
