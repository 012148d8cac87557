/** Where the largest logit is; the first of equals. [n], n > 0 */
export function greedy(logits: Float32Array): number {
  let best = 0;
  let most = logits[0]!;
  for (let i = 1; i < logits.length; i++) {
    if (logits[i]! <= most) continue;
    most = logits[i]!;
    best = i;
  }
  return best;
}
