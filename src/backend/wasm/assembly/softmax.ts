// Softmax of one row of scores, left unnormalised: scores become e^(score - max), and their sum is returned.
// The sum runs in four partial sums, the score of position p in sum p mod 4, so it does not depend on where a row begins;
// scores outside [from, to) become exactly 0 and change nothing.
import { exp4 } from './exp';
import { horizontalMax, horizontalSum } from './lib/vector';

/** scores [length], length a multiple of 4; scores[0] belongs to a position that is a multiple of 4. */
export function softmaxWeights(scores: usize, from: i32, to: i32, length: i32): f32 {
  const end = scores + (<usize>length << 2);
  for (let i = 0; i < from; i++) f32.store(scores + (<usize>i << 2), -Infinity);
  for (let i = to; i < length; i++) f32.store(scores + (<usize>i << 2), -Infinity);

  let max = f32x4.splat(-Infinity);
  for (let at = scores; at < end; at += 16) max = f32x4.pmax(max, v128.load(at));
  const largest = f32x4.splat(horizontalMax(max));

  let sum = f32x4.splat(0);
  for (let at = scores; at < end; at += 16) {
    const weight = exp4(f32x4.sub(v128.load(at), largest));
    v128.store(at, weight);
    sum = f32x4.add(sum, weight);
  }
  return horizontalSum(sum);
}
