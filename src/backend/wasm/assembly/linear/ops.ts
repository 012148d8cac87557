// What a kernel set does with one chunk of 4 columns.
//
//   i16      acc i32 += even · x + odd · z          even and odd columns as 16-bit lanes
//   pairs    acc i16 += weight · x                  exact while weights are 0..15: |lane| <= 8 chunks · 2 · 15 · 127 < 2^15
//   dot      acc i32 += weight · x                  exact where the probe says so

import { N1 } from './statics';
import { is_i16, is_pairs } from './traits';

/** a · b + c: fused in the relaxed build, rounded twice in the other. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Even columns in the i16 set, all columns in the others. */
@inline
export function even<S>(bytes: v128, mask: v128): v128 {
  return is_i16<S>() ? v128.and(bytes, mask) : bytes;
}

/** Odd columns in the i16 set. */
@inline
export function odd<S>(bytes: v128): v128 {
  return is_i16<S>() ? i16x8.shr_u(bytes, 8) : bytes;
}

/** Four columns, chunk `chunk`, of token `t` in all lanes; in the i16 set the even ones. `data` lies behind the headers. */
@inline
export function load_x<S>(data: usize, t: usize, chunk: usize): v128 {
  return v128.load32_splat(data + (is_i16<S>() ? 64 * t + 8 * chunk : 32 * t + 4 * chunk));
}

/** The odd columns in the i16 set. */
@inline
export function load_z<S>(data: usize, t: usize, chunk: usize, x: v128): v128 {
  return is_i16<S>() ? v128.load32_splat(data + (64 * t + 8 * chunk + 4)) : x;
}

@inline
export function mac<S>(acc: v128, x: v128, z: v128, e: v128, o: v128): v128 {
  if (is_i16<S>()) return i32x4.add(i32x4.add(acc, i32x4.dot_i16x8_s(x, e)), i32x4.dot_i16x8_s(z, o));
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (is_pairs<S>()) return i16x8.add(acc, i16x8.relaxed_dot_i8x16_i7x16_s(x, e));
    return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, e, acc);
  }
  return unreachable();
}

/** Two chunks of 4-bit weights in the pairs set: acc + e · x + o · z, in i16. */
@inline
export function add_pair(acc: v128, x: v128, z: v128, e: v128, o: v128): v128 {
  return mac<N1>(mac<N1>(acc, x, x, e, e), z, z, o, o);
}

/** acc + weight · x for one vector of activations: half a chunk in the i16 set. */
@inline
export function add_product<S>(acc: v128, x: v128, weight: v128): v128 {
  if (is_i16<S>()) return i32x4.add(acc, i32x4.dot_i16x8_s(x, weight));
  return mac<S>(acc, x, x, weight, weight);
}

/** One i32 for each of 4 rows. */
@inline
export function finish<S>(acc: v128): v128 {
  return is_pairs<S>() ? i32x4.extadd_pairwise_i16x8_s(acc) : acc;
}
