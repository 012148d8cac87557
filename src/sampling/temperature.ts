import type { Candidates } from './candidates.ts';
import { pick } from './candidates.ts';
import { greedy } from './greedy.ts';
import { entropy, softmax } from './softmax.ts';

/**
 * Divides the logits by a temperature; 0, and one so low that the best logit overflows, leave only the best token.
 *
 * @see Ackley, Hinton & Sejnowski 1985, "A Learning Algorithm for Boltzmann Machines"
 */
export function temperature(candidates: Candidates, value: number): Candidates {
  if (value === 1) return candidates;
  const best = greedy(candidates.logits);
  if (!Number.isFinite(Math.fround(candidates.logits[best]! / value))) return pick(candidates, [best], true);
  return { ...candidates, logits: candidates.logits.map((logit) => logit / value) };
}

/**
 * Temperature by entropy: value - range where the model is certain, value + range where it knows nothing.
 *
 * @param range    0: plain temperature
 * @param exponent how the normalised entropy is bent
 * @see Zhang et al. 2024, "EDT: Improving Large Language Models' Generation by Entropy-based Dynamic Temperature
 * Sampling", arXiv:2403.14541; the formula is llama.cpp's llama_sampler_temp_ext
 */
export function dynamicTemperature(candidates: Candidates, value: number, range: number, exponent: number): Candidates {
  if (range <= 0) return temperature(candidates, value);
  if (candidates.ids.length <= 1) return candidates;
  const low = Math.max(0, value - range);
  const high = value + range;
  const normalised = entropy(softmax(candidates.logits)) / Math.log(candidates.ids.length);
  return temperature(candidates, low + (high - low) * normalised ** exponent);
}
