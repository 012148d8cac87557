import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { first } from './candidates.ts';
import { maximum } from './softmax.ts';

/** How many of the best are looked at before all are sorted: the mass of a language model is nearly always in fewer. */
const HEAD = 512;

/**
 * Nucleus sampling: keeps the smallest set of best tokens whose probabilities sum to p or more.
 *
 * @param p 1 or more: off
 * @see Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration", arXiv:1904.09751, §3.1
 */
export function topP(candidates: Candidates, p: number, minKeep: number): Candidates {
  if (p >= 1) return candidates;
  const best = maximum(candidates.logits);
  let total = 0;
  for (let i = 0; i < candidates.logits.length; i++) total += Math.exp(candidates.logits[i]! - best);

  return (
    nucleus(bestFirst(candidates, HEAD), best, p * total, minKeep) ??
    nucleus(bestFirst(candidates), best, p * total, minKeep)!
  );
}

/** The head of `sorted` that holds `mass`; undefined where all of it together is less, unless it is everything. */
function nucleus(sorted: Candidates, best: number, mass: number, minKeep: number): Candidates | undefined {
  let sum = 0;
  for (let i = 0; i < sorted.logits.length; i++) {
    sum += Math.exp(sorted.logits[i]! - best);
    if (sum >= mass && i + 1 >= minKeep) return first(sorted, i + 1);
  }
  return sorted.logits.length === HEAD ? undefined : sorted;
}
