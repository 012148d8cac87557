// The float side of one block, the same in every integer kernel. `layout` and `set` are known when this is compiled.

import { BYTES, has_halves, has_min, NIBBLES, subtracts } from './layouts';
import { madd } from './ops';

/** Where the dots of rows 0..3 start: the zero point of the weights, or 0. `x` is a tile's block, `t` the token in it. */
@inline
export function start_low(layout: i32, t: usize, x: usize): v128 {
  if (layout == NIBBLES) return v128.load32_splat(x + (16 * t + 4));
  return layout == BYTES ? v128.load32_splat(x + (16 * t + 12)) : i32x4.splat(0);
}

/** Where the dots of rows 4..7 start. */
@inline
export function start_high(layout: i32, set: i32, t: usize, x: usize, low: v128): v128 {
  if (!subtracts(layout, set)) return low;
  return v128.load32_splat(x + (16 * t + (has_min(layout) ? 4 : 8)));
}

/** sum + dot · d · scale */
@inline
export function add_dot(dot: v128, d: v128, scale: v128, sum: v128): v128 {
  return madd(f32x4.mul(f32x4.convert_i32x4_s(dot), d), scale, sum);
}

/** d · the sum of the activations that a minimum belongs to: those of half `half`, or of the block. `header` is a token's. */
@inline
export function column_sum(layout: i32, half: usize, header: usize): v128 {
  if (has_halves(layout)) return v128.load32_splat(header + (8 + 4 * half));
  return f32x4.add(v128.load32_splat(header + 8), v128.load32_splat(header + 12));
}
