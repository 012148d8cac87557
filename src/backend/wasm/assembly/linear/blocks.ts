// The float side of one block, the same in every integer kernel. `header` is a token's.

import { madd } from './ops';
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
