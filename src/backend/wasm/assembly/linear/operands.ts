// What a layout's block has in its places: quants as bytes, scales and minima as f32.

import { negative_32, two_to_102 } from './constants';
import { load_short_floats } from './short-float';
import { has_halves, is_k, is_nibbles, is_six_bits, subtracts } from './traits';

/** The vector that chunk `chunk` begins with; `quants` is the first byte of the quants of a block, or of its second half. */
@inline
export function load_quants<L>(quants: usize, chunk: usize): v128 {
  return v128.load(quants + (is_nibbles<L>() || is_six_bits<L>() ? 16 : 32) * chunk);
}

/** Rows 0..3 of the chunk, a byte each column. `pairs`: bits 4 and 5 of this half block. */
@inline
export function low_rows<L>(vector: v128, pairs: usize, chunk: usize, nibbles: v128, high_bits: v128): v128 {
  if (is_nibbles<L>()) return v128.and(vector, nibbles);
  if (!is_six_bits<L>()) return vector;
  const bits = v128.load(pairs + 16 * (chunk >> 1));
  return v128.or(v128.and(vector, nibbles), v128.and(chunk & 1 ? bits : i16x8.shl(bits, 4), high_bits));
}

/** Rows 4..7; the byte as it is where the layout subtracts. */
@inline
export function high_rows<L, S>(vector: v128, quants: usize, pairs: usize, chunk: usize, nibbles: v128, high_bits: v128): v128 {
  return subtracts<L, S>() ? vector : high_nibbles_or_bytes<L>(vector, quants, pairs, chunk, nibbles, high_bits);
}

/** Rows 4..7, a byte each column. */
@inline
export function high_nibbles_or_bytes<L>(
  vector: v128, quants: usize, pairs: usize, chunk: usize, nibbles: v128, high_bits: v128,
): v128 {
  if (is_nibbles<L>()) return v128.and(i16x8.shr_u(vector, 4), nibbles);
  if (!is_six_bits<L>()) return v128.load(quants + (32 * chunk + 16));
  const bits = v128.load(pairs + 16 * (chunk >> 1));
  const high = chunk & 1 ? i16x8.shr_u(bits, 2) : i16x8.shl(bits, 2);
  return v128.or(v128.and(i16x8.shr_u(vector, 4), nibbles), v128.and(high, high_bits));
}

/** The integer dots of rows 4..7, 16 times too large where the layout subtracts: high_scales makes up for it. */
@inline
export function high_dots<L, S>(low: v128, high: v128): v128 {
  return subtracts<L, S>() ? i32x4.sub(high, low) : high;
}

/** Scales of rows 0..3 for half `half` of the block. `scale` is 2^102. */
@inline
export function low_scales<L>(head: usize, block: usize, half: usize, bits: v128, scale: v128): v128 {
  if (!is_k<L>()) return load_short_floats(block, bits, scale);
  return f32x4.mul(low_group_values(block + 8 * half), v128.load(head));
}

/** Scales of rows 4..7. `scale` is 2^102, or 2^98 where the layout subtracts. */
@inline
export function high_scales<L>(head: usize, block: usize, half: usize, bits: v128, scale: v128): v128 {
  if (!is_k<L>()) return load_short_floats(block + 8, bits, scale);
  return f32x4.mul(high_group_values(block + 8 * half), v128.load(head, 16));
}

/** Scales of rows 4..7 as the weight has them. `scale` is 2^102. */
@inline
export function true_high_scales<L, S>(head: usize, block: usize, half: usize, bits: v128, scale: v128): v128 {
  const scales = high_scales<L>(head, block, half, bits, scale);
  // The head of a K-quant holds them divided by 16 where the layout subtracts.
  return is_k<L>() && subtracts<L, S>() ? f32x4.mul(scales, f32x4.splat(16)) : scales;
}

/** What rows 0..3 add for every unit of the sum of their activations. */
@inline
export function low_mins<L>(head: usize, block: usize, half: usize, bits: v128, scales: v128): v128 {
  if (is_six_bits<L>()) return f32x4.mul(scales, negative_32());
  if (!is_k<L>()) return load_short_floats(block + 16, bits, two_to_102());
  return f32x4.mul(low_group_values(block + (has_halves<L>() ? 16 : 8) + 8 * half), v128.load(head, 32));
}

/** What rows 4..7 add. */
@inline
export function high_mins<L>(head: usize, block: usize, half: usize, bits: v128, scales: v128): v128 {
  if (is_six_bits<L>()) return f32x4.mul(scales, negative_32());
  if (!is_k<L>()) return load_short_floats(block + 24, bits, two_to_102());
  return f32x4.mul(high_group_values(block + (has_halves<L>() ? 16 : 8) + 8 * half), v128.load(head, 48));
}

/** The first four of eight signed bytes. */
@inline
function low_group_values(at: usize): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(v128.load8x8_s(at)));
}

/** The last four of eight signed bytes. */
@inline
function high_group_values(at: usize): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(v128.load8x8_s(at)));
}
