// y = x / √(mean(x²) + ε) ⊙ weight, for one row. Zhang and Sennrich 2019, arXiv:1910.07467.
// The sum of squares runs in eight partial sums, column i in sum i mod 8: fixed by the row's length alone.
import { horizontalSum, multiplyAdd } from './lib/vector';

/** x, weight and y [length] f32; y may be x. */
export function rmsNorm(x: usize, weight: usize, y: usize, length: i32, epsilon: f32): void {
  const scale = <f32>1 / sqrt<f32>(sumOfSquares(x, length) / <f32>length + epsilon);
  const scale4 = f32x4.splat(scale);
  const bytes = <usize>length << 2;
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(y + at, f32x4.mul(f32x4.mul(v128.load(x + at), scale4), v128.load(weight + at)));
  }
  for (; at < bytes; at += 4) f32.store(y + at, f32.load(x + at) * scale * f32.load(weight + at));
}

// A vector of squares cannot overflow for finite activations below 1.8e19.
function sumOfSquares(x: usize, length: i32): f32 {
  const bytes = <usize>length << 2;
  let even = f32x4.splat(0);
  let odd = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 32 <= bytes; at += 32) {
    const a = v128.load(x + at);
    const b = v128.load(x + at, 16);
    even = multiplyAdd(a, a, even);
    odd = multiplyAdd(b, b, odd);
  }
  let sum = horizontalSum(f32x4.add(even, odd));
  for (; at < bytes; at += 4) sum += f32.load(x + at) * f32.load(x + at);
  return sum;
}
