// exp of four numbers. Range reduction to [-ln2/2, ln2/2] in two steps and the polynomial of Cephes' expf
// (Moshier 1989): relative error below 1.5e-7. Below -87.33, where the result would be no normal number, it is exactly 0.
import { multiplyAdd } from './lib/vector';

// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const inRange = f32x4.ge(x, f32x4.splat(-87.33));
  const clamped = f32x4.min(f32x4.max(x, f32x4.splat(-87.33)), f32x4.splat(88.72));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504)));
  let f = multiplyAdd(n, f32x4.splat(-0.693359375), clamped);
  f = multiplyAdd(n, f32x4.splat(2.12194440e-4), f);
  let p = multiplyAdd(f32x4.splat(1.9875691500e-4), f, f32x4.splat(1.3981999507e-3));
  p = multiplyAdd(p, f, f32x4.splat(8.3334519073e-3));
  p = multiplyAdd(p, f, f32x4.splat(4.1665795894e-2));
  p = multiplyAdd(p, f, f32x4.splat(1.6666665459e-1));
  p = multiplyAdd(p, f, f32x4.splat(0.5));
  p = f32x4.add(multiplyAdd(p, f32x4.mul(f, f), f), f32x4.splat(1));
  // 2^n in two factors: n can be 128, whose power is no float.
  const half = i32x4.shr_s(i32x4.trunc_sat_f32x4_s(n), 1);
  const rest = i32x4.sub(i32x4.trunc_sat_f32x4_s(n), half);
  const bias = i32x4.splat(127);
  p = f32x4.mul(f32x4.mul(p, i32x4.shl(i32x4.add(half, bias), 23)), i32x4.shl(i32x4.add(rest, bias), 23));
  return v128.and(p, inRange);
}

/** x ← exp(x), `count` numbers, a multiple of 4. */
export function exponential(x: usize, count: i32): void {
  for (const end = x + (<usize>count << 2); x < end; x += 16) v128.store(x, exp4(v128.load(x)));
}
