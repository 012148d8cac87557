// The float side of one block, the same in every integer kernel. `header` is a token's.

import { finish, madd } from './ops';
import { has_halves, has_min, starts_bytes, starts_low, subtracts } from './traits';

/** Where the dots of rows 0..3 start: the zero point of the weights, or 0. */
@inline
export function start_low<L>(header: usize): v128 {
  if (starts_low<L>()) return v128.load32_splat(header + 4);
  return starts_bytes<L>() ? v128.load32_splat(header + 12) : i32x4.splat(0);
}

/** Where the dots of rows 4..7 start. */
@inline
export function start_high<L, S>(header: usize, low: v128): v128 {
  return subtracts<L, S>() ? v128.load32_splat(header + (has_min<L>() ? 4 : 8)) : low;
}

/** sum + dot · d · scale */
@inline
export function add_dot(dot: v128, d: v128, scale: v128, sum: v128): v128 {
  return madd(f32x4.mul(f32x4.convert_i32x4_s(dot), d), scale, sum);
}

/** d · the sum of the activations that a minimum belongs to: those of half `half`, or of the block. */
@inline
export function column_sum<L>(header: usize, half: usize): v128 {
  if (has_halves<L>()) return v128.load32_splat(header + 8 + 4 * half);
  return f32x4.add(v128.load32_splat(header + 8), v128.load32_splat(header + 12));
}

/** sums += d · scale · dot (+ d · sum of activations · min) for one token; `a` and `c`: dots of rows 0..3 and 4..7. */
@inline
export function fold<L, S>(
  header: usize, half: usize, sums: usize, a: v128, c: v128, s0: v128, s1: v128, m0: v128, m1: v128,
): void {
  const d = v128.load32_splat(header);
  let low = add_dot(finish<S>(a), d, s0, v128.load(sums));
  let high = add_dot(finish<S>(c), d, s1, v128.load(sums, 16));
  if (has_min<L>()) {
    const total = column_sum<L>(header, half);
    low = madd(m0, total, low);
    high = madd(m1, total, high);
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}
