import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { first, pick } from './candidates.ts';
import { maximum } from './softmax.ts';

/** Logits are sorted into buckets of 1/16 below the best; whatever is further than 64 away shares the last. */
const BUCKETS_PER_UNIT = 16;
const BUCKETS = 1024;

/**
 * Nucleus sampling: keeps the smallest set of best tokens whose probabilities sum to p or more.
 *
 * Buckets tell first how far down the nucleus reaches, so that only its tokens are sorted and not the vocabulary.
 *
 * @param p 1 or more: off
 * @see Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration", arXiv:1904.09751, §3.1
 */
export function topP(candidates: Candidates, p: number, minKeep: number): Candidates {
  if (p >= 1) return candidates;
  const { logits } = candidates;
  const best = maximum(logits);
  const bucketOf = (logit: number) => Math.min(BUCKETS - 1, Math.floor((best - logit) * BUCKETS_PER_UNIT));

  const masses = new Float64Array(BUCKETS);
  for (let i = 0; i < logits.length; i++) masses[bucketOf(logits[i]!)]! += Math.exp(logits[i]! - best);
  const wanted = p * masses.reduce((sum, mass) => sum + mass, 0);
  let lowest = 0;
  for (let mass = masses[0]!; mass < wanted && lowest < BUCKETS - 1;) mass += masses[++lowest]!;

  const places: number[] = [];
  for (let i = 0; i < logits.length; i++) if (bucketOf(logits[i]!) <= lowest) places.push(i);
  const sorted =
    places.length < minKeep ? bestFirst(candidates, minKeep) : bestFirst(pick(candidates, places, candidates.sorted));

  let sum = 0;
  let kept = 0;
  while (kept < sorted.logits.length && (sum < wanted || kept < Math.max(1, minKeep)))
    sum += Math.exp(sorted.logits[kept++]! - best);
  return first(sorted, kept);
}
