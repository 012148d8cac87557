// exp of four numbers, relative error below 2e-7: range reduction to [-ln2/2, ln2/2] in two steps and the polynomial of
// Cephes' expf (Moshier 1989). Below -87.33, where the result would be no normal number, it is exactly 0; above 88.02 it
// stays what it is there.
import { multiplyAdd } from './lib/vector';

// Four lanes each: the engine rebuilds a constant vector at every use, and loads one in a single instruction.
const TABLE = memory.data<f32>([
  -87.33, -87.33, -87.33, -87.33,
  88.02, 88.02, 88.02, 88.02,
  1.44269504, 1.44269504, 1.44269504, 1.44269504, // 1 / ln2
  12582912, 12582912, 12582912, 12582912, //         1.5 · 2²³: adding it rounds, and leaves the integer in the low bits
  -0.693359375, -0.693359375, -0.693359375, -0.693359375,
  2.12194440e-4, 2.12194440e-4, 2.12194440e-4, 2.12194440e-4,
  1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4, 1.9875691500e-4,
  1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3, 1.3981999507e-3,
  8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3, 8.3334519073e-3,
  4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2, 4.1665795894e-2,
  1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1, 1.6666665459e-1,
  0.5, 0.5, 0.5, 0.5,
  1, 1, 1, 1,
]);
const EXPONENT_BIAS = memory.data<i32>([127, 127, 127, 127]);

// @ts-ignore: decorator
@inline
function constant(i: i32): v128 {
  return v128.load(TABLE + (<usize>i << 4));
}

// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const tooSmall = f32x4.lt(x, constant(0));
  const clamped = f32x4.pmin(f32x4.pmax(x, constant(0)), constant(1));
  const rounded = multiplyAdd(clamped, constant(2), constant(3));
  const n = f32x4.sub(rounded, constant(3));
  const f = multiplyAdd(n, constant(5), multiplyAdd(n, constant(4), clamped));
  let p = multiplyAdd(constant(6), f, constant(7));
  p = multiplyAdd(p, f, constant(8));
  p = multiplyAdd(p, f, constant(9));
  p = multiplyAdd(p, f, constant(10));
  p = multiplyAdd(p, f, constant(11));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(f, f), f), constant(12));
  const power = i32x4.shl(i32x4.add(rounded, v128.load(EXPONENT_BIAS)), 23);
  return v128.andnot(f32x4.mul(p, power), tooSmall);
}

/** 1 in every lane. */
// @ts-ignore: decorator
@inline
export function one4(): v128 {
  return constant(12);
}

/** x ← exp(x), `count` numbers, a multiple of 4. */
export function exponential(x: usize, count: i32): void {
  for (const end = x + (<usize>count << 2); x < end; x += 16) v128.store(x, exp4(v128.load(x)));
}
