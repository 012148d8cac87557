import type { Candidates } from './candidates.ts';
import { adjust } from './candidates.ts';

/** Adds a bias to the logits of some tokens; -Infinity forbids one. @param bias by token id */
export function logitBias(candidates: Candidates, bias: ReadonlyMap<number, number>): Candidates {
  return bias.size === 0 ? candidates : adjust(candidates, bias, (logit, added) => logit + added);
}
