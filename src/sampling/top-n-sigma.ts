import type { Candidates } from './candidates.ts';
import { maximum } from './softmax.ts';

/**
 * Keeps the tokens within n standard deviations of the best logit. The others stay at -Infinity.
 *
 * @param n 0 or less: off
 * @see Tang et al. 2024, "Top-nσ: Not All Logits Are You Need", arXiv:2411.07641
 */
export function topNSigma(candidates: Candidates, n: number): Candidates {
  const finite = candidates.logits.filter((logit) => logit > -Infinity);
  if (n <= 0 || finite.length <= 1) return candidates;

  const mean = finite.reduce((sum, logit) => sum + logit, 0) / finite.length;
  const variance = finite.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / finite.length;
  const cutoff = maximum(finite) - n * Math.sqrt(variance);
  return { ...candidates, logits: candidates.logits.map((logit) => (logit < cutoff ? -Infinity : logit)) };
}
