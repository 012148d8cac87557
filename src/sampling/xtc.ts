import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { softmax } from './softmax.ts';

/** Above this at most one token can reach the threshold, and there is nothing to exclude. */
const MAX_THRESHOLD = 0.5;

export interface XtcOptions {
  /** How often it acts; 0: off */
  readonly probability: number;
  readonly threshold: number;
  readonly minKeep: number;
}

/**
 * "Exclude top choices": now and then removes all tokens of at least `threshold` but the least likely of them.
 *
 * @param coin 0..1, random; it acts when `coin` is at most `probability`
 * @see https://github.com/oobabooga/text-generation-webui/pull/6335
 */
export function xtc(candidates: Candidates, { probability, threshold, minKeep }: XtcOptions, coin: number): Candidates {
  if (probability <= 0 || threshold > MAX_THRESHOLD || candidates.ids.length < 2 || coin > probability)
    return candidates;

  const sorted = bestFirst(candidates);
  // A token without probability is forbidden, not unlikely: at threshold 0 it would be all that is left.
  const reaching = softmax(sorted.logits).findIndex((p) => p < threshold || p === 0);
  const excluded = (reaching < 0 ? sorted.ids.length : reaching) - 1;
  if (excluded <= 0 || sorted.ids.length - excluded < minKeep) return sorted;
  return { ids: sorted.ids.subarray(excluded), logits: sorted.logits.subarray(excluded), sorted: true };
}
