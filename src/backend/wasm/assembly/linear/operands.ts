// What a layout's block has in its places: quants as bytes, scales and minima as f32. `layout` and `set` are known when this
// is compiled.

import { negative_32, two_to_102 } from './constants';
import {
  has_halves, is_nibbles, K_NIBBLES, K_SIX_BITS, scale_bytes, subtracts,
} from './layouts';
import { load_short_floats } from './short-float';

/** The vector that chunk `chunk` begins with. */
@inline
export function load_quants(layout: i32, block: usize, chunk: usize): v128 {
  return v128.load(block + (scale_bytes(layout) + (is_nibbles(layout) || layout == K_SIX_BITS ? 16 : 32) * chunk));
}

/** Rows 0..3 of the chunk, a byte each column. */
@inline
export function low_rows(layout: i32, quants: v128, block: usize, chunk: usize, nibbles: v128, high_bits: v128): v128 {
  if (is_nibbles(layout)) return v128.and(quants, nibbles);
  if (layout != K_SIX_BITS) return quants;
  const pairs = v128.load(block + (144 + 16 * (chunk >> 1)));
  const high = chunk & 1 ? pairs : i16x8.shl(pairs, 4);
  return v128.or(v128.and(quants, nibbles), v128.and(high, high_bits));
}

/** Rows 4..7; the byte as it is where the layout subtracts. */
@inline
export function high_rows(
  layout: i32, set: i32, quants: v128, block: usize, chunk: usize, nibbles: v128, high_bits: v128,
): v128 {
  if (subtracts(layout, set)) return quants;
  if (is_nibbles(layout)) return v128.and(i16x8.shr_u(quants, 4), nibbles);
  if (layout != K_SIX_BITS) return v128.load(block + (scale_bytes(layout) + 32 * chunk + 16));
  const pairs = v128.load(block + (144 + 16 * (chunk >> 1)));
  const high = chunk & 1 ? i16x8.shr_u(pairs, 2) : i16x8.shl(pairs, 2);
  return v128.or(v128.and(i16x8.shr_u(quants, 4), nibbles), v128.and(high, high_bits));
}

/** The integer dots of rows 4..7, 16 times too large where the layout subtracts: high_scales makes up for it. */
@inline
export function high_dots(layout: i32, set: i32, low: v128, high: v128): v128 {
  return subtracts(layout, set) ? i32x4.sub(high, low) : high;
}

/** Scales of rows 0..3 for half `half` of the block. */
@inline
export function low_scales(layout: i32, head: usize, block: usize, half: usize, bits: v128, scale: v128): v128 {
  if (layout < K_NIBBLES) return load_short_floats(block, bits, scale);
  const groups = i32x4.extend_low_i16x8_s(v128.load8x8_s(block + 8 * half));
  return f32x4.mul(f32x4.convert_i32x4_s(groups), v128.load(head));
}

/** Scales of rows 4..7. */
@inline
export function high_scales(layout: i32, head: usize, block: usize, half: usize, bits: v128, scale: v128): v128 {
  if (layout < K_NIBBLES) return load_short_floats(block + 8, bits, scale);
  const groups = i32x4.extend_high_i16x8_s(v128.load8x8_s(block + 8 * half));
  return f32x4.mul(f32x4.convert_i32x4_s(groups), v128.load(head, 16));
}

/** What rows 0..3 add for every unit of the sum of their activations. */
@inline
export function low_mins(layout: i32, head: usize, block: usize, half: usize, bits: v128, scales: v128): v128 {
  if (layout == K_SIX_BITS) return f32x4.mul(scales, negative_32());
  if (layout < K_NIBBLES) return load_short_floats(block + 16, bits, two_to_102());
  const groups = i32x4.extend_low_i16x8_s(v128.load8x8_s(block + (has_halves(layout) ? 16 : 8) + 8 * half));
  return f32x4.mul(f32x4.convert_i32x4_s(groups), v128.load(head, 32));
}

/** What rows 4..7 add. */
@inline
export function high_mins(layout: i32, head: usize, block: usize, half: usize, bits: v128, scales: v128): v128 {
  if (layout == K_SIX_BITS) return f32x4.mul(scales, negative_32());
  if (layout < K_NIBBLES) return load_short_floats(block + 24, bits, two_to_102());
  const groups = i32x4.extend_high_i16x8_s(v128.load8x8_s(block + (has_halves(layout) ? 16 : 8) + 8 * half));
  return f32x4.mul(f32x4.convert_i32x4_s(groups), v128.load(head, 48));
}
