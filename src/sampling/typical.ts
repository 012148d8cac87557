import { bestFirst } from './best-first.ts';
import type { Candidates } from './candidates.ts';
import { pick } from './candidates.ts';
import { entropy, softmax } from './softmax.ts';
import { unordered } from './unordered.ts';

/**
 * Locally typical sampling: keeps the tokens whose surprise is nearest to the expected one, until they hold more than p.
 *
 * @param p 1 or more: off
 * @see Meister et al. 2022, "Locally Typical Sampling", arXiv:2202.00666
 */
export function typical(candidates: Candidates, p: number, minKeep: number): Candidates {
  if (p >= 1) return candidates;
  const sorted = bestFirst(candidates);
  const probabilities = softmax(sorted.logits);
  const places = mostTypicalFirst(probabilities, sorted.logits.includes(-Infinity));

  let sum = 0;
  let kept = 0;
  while (kept < places.length) {
    sum += probabilities[places[kept++]!]!;
    if (sum > p && kept >= minKeep) break;
  }
  return pick(sorted, places.subarray(0, kept).sort(), true);
}

/** A masked token's 0 · ln 0 makes llama.cpp's entropy NaN, and nothing is nearer to it than anything else; so here. */
function mostTypicalFirst(probabilities: Float64Array, masked: boolean): Int32Array {
  if (masked) return unordered(probabilities.length);
  const expected = entropy(probabilities);
  const distance = probabilities.map((x) => Math.abs(-Math.log(x) - expected));
  return Int32Array.from(distance, (_, place) => place).sort((a, b) => distance[a]! - distance[b]! || a - b);
}
