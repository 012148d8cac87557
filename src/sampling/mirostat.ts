import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { first } from './candidates.ts';
import { draw } from './draw.ts';
import { softmax } from './softmax.ts';

export interface MirostatOptions {
  /** The surprise to hold, in bits. */
  readonly tau: number;
  /** How fast the bound follows. */
  readonly eta: number;
}

export interface MirostatChoice {
  readonly tokenId: number;
  /** The bound on surprise for the next token, in bits. It starts at 2 · tau. */
  readonly mu: number;
}

/** How many of the best tokens the exponent of Zipf's law is estimated from, as in the paper. */
const ZIPF_TOKENS = 100;

/**
 * Mirostat 1: chooses k by Zipf's law so that the expected surprise is tau, draws, and corrects mu by what was observed.
 *
 * @param mu        as returned by the call before
 * @param vocabSize of the model, whatever is left of it
 * @param random    0..1
 * @see Basu et al. 2020, "Mirostat", arXiv:2007.14966, algorithm 1
 */
export function mirostat1(
  candidates: Candidates,
  mu: number,
  vocabSize: number,
  options: MirostatOptions,
  random: number,
): MirostatChoice {
  const sorted = bestFirst(candidates);
  const slope = zipfExponent(softmax(sorted.logits));
  const epsilon = slope - 1;
  const k = ((epsilon * 2 ** mu) / (1 - vocabSize ** -epsilon)) ** (1 / slope);
  return chosen(first(sorted, Number.isNaN(k) ? sorted.ids.length : Math.max(1, Math.floor(k))), mu, options, random);
}

/**
 * Mirostat 2: keeps the tokens of at most mu bits of surprise, draws, and corrects mu by what was observed.
 *
 * @see Basu et al. 2020, appendix; the parameters are those of `mirostat1`
 */
export function mirostat2(
  candidates: Candidates,
  mu: number,
  options: MirostatOptions,
  random: number,
): MirostatChoice {
  const sorted = bestFirst(candidates);
  const tooSurprising = softmax(sorted.logits).findIndex((p) => -Math.log2(p) > mu);
  return chosen(first(sorted, tooSurprising < 0 ? sorted.ids.length : Math.max(1, tooSurprising)), mu, options, random);
}

function chosen(kept: Candidates, mu: number, { tau, eta }: MirostatOptions, random: number): MirostatChoice {
  const p = softmax(kept.logits);
  const place = draw(p, random);
  return { tokenId: kept.ids[place]!, mu: mu - eta * (-Math.log2(p[place]!) - tau) };
}

/** Least squares over the steps from rank to rank. @param p [n], largest first */
function zipfExponent(p: Float64Array): number {
  let products = 0;
  let squares = 0;
  for (let i = 0; i + 1 < Math.min(ZIPF_TOKENS, p.length) && p[i + 1]! > 0; i++) {
    const t = Math.log((i + 2) / (i + 1));
    products += t * Math.log(p[i]! / p[i + 1]!);
    squares += t * t;
  }
  return products / squares;
}
