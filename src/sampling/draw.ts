/**
 * Inverse transform sampling: the first place where the running sum of `p` exceeds `random`.
 *
 * @param p      [n], sums to about 1
 * @param random 0..1
 * @returns a place with p > 0, also where rounding leaves the sum below `random`
 */
export function draw(p: Float64Array, random: number): number {
  let sum = 0;
  let last = 0;
  for (let i = 0; i < p.length; i++) {
    if (p[i] === 0) continue;
    sum += p[i]!;
    if (random < sum) return i;
    last = i;
  }
  return last;
}
