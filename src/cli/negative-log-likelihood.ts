/** -log softmax(logits)[target], in nats, summed in float64. */
export function negativeLogLikelihood(logits: Float32Array, target: number): number {
  let max = -Infinity;
  for (const logit of logits) if (logit > max) max = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  return Math.log(sum) + max - logits[target]!;
}
