/**
 * softmax(logits), stable: the largest logit is subtracted first.
 *
 * @param logits [n], at least one of them above -Infinity
 * @returns [n], float64, sums to 1; 0 where the logit is -Infinity
 */
export function softmax(logits: Float32Array): Float64Array {
  const best = maximum(logits);
  const p = new Float64Array(logits.length);
  let sum = 0;
  for (let i = 0; i < p.length; i++) sum += p[i] = Math.exp(logits[i]! - best);
  for (let i = 0; i < p.length; i++) p[i]! /= sum;
  return p;
}

/** Shannon entropy in nats: -Σ p ln p. */
export function entropy(p: Float64Array): number {
  let sum = 0;
  for (const x of p) if (x > 0) sum -= x * Math.log(x);
  return sum;
}

export function maximum(logits: Float32Array): number {
  let best = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > best) best = logits[i]!;
  return best;
}
