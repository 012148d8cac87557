import type { Candidates } from './candidates.ts';
import { adjust } from './candidates.ts';

export interface PenaltyOptions {
  /** How many of the latest tokens count; -1: all. */
  readonly lastN: number;
  /** Divides positive logits and multiplies negative ones. 1: off */
  readonly repetition: number;
  /** Subtracted once from a token that occurred. */
  readonly presence: number;
  /** Subtracted for each occurrence. */
  readonly frequency: number;
}

/**
 * Makes tokens of the recent past less likely.
 *
 * @param history all tokens so far, newest last
 * @see Keskar et al. 2019, "CTRL", arXiv:1909.05858, §4.1 (repetition); OpenAI's API reference (presence, frequency)
 */
export function penalties(candidates: Candidates, history: ArrayLike<number>, options: PenaltyOptions): Candidates {
  const { lastN, repetition, presence, frequency } = options;
  if (lastN === 0 || (repetition === 1 && presence === 0 && frequency === 0)) return candidates;

  const counts = new Map<number, number>();
  for (let i = lastN < 0 ? 0 : Math.max(0, history.length - lastN); i < history.length; i++) {
    counts.set(history[i]!, (counts.get(history[i]!) ?? 0) + 1);
  }

  return adjust(
    candidates,
    counts,
    (logit, count) => (logit > 0 ? logit / repetition : logit * repetition) - count * frequency - presence,
  );
}
