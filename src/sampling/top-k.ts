import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';

/**
 * Keeps the k best.
 *
 * @param k 0 or less: off
 * @see Fan et al. 2018, "Hierarchical Neural Story Generation", arXiv:1805.04833, §5
 */
export function topK(candidates: Candidates, k: number, minKeep: number): Candidates {
  return k <= 0 ? candidates : bestFirst(candidates, Math.max(k, minKeep));
}
