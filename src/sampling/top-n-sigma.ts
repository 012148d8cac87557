import type { Candidates } from './candidates.ts';

/**
 * Keeps the tokens within n standard deviations of the best logit. The others stay at -Infinity.
 *
 * @param n 0 or less: off
 * @see Tang et al. 2024, "Top-nσ: Not All Logits Are You Need", arXiv:2411.07641
 */
export function topNSigma(candidates: Candidates, n: number): Candidates {
  if (n <= 0) return candidates;
  const { best, deviation } = momentsOf(candidates.logits);
  const cutoff = best - n * deviation;
  const logits = candidates.logits.slice();
  for (let i = 0; i < logits.length; i++) if (logits[i]! < cutoff) logits[i] = -Infinity;
  return { ...candidates, logits };
}

/** Of the logits above -Infinity. */
function momentsOf(logits: Float32Array): { best: number; deviation: number } {
  let [count, sum, best] = [0, 0, -Infinity];
  for (let i = 0; i < logits.length; i++) {
    if (logits[i] === -Infinity) continue;
    count++;
    sum += logits[i]!;
    best = Math.max(best, logits[i]!);
  }
  let squares = 0;
  for (let i = 0; i < logits.length; i++) if (logits[i] !== -Infinity) squares += (logits[i]! - sum / count) ** 2;
  return { best, deviation: Math.sqrt(squares / count) };
}
