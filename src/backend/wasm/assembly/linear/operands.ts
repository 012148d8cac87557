// What a layout's block has in its places: quants as bytes, scales and minima as f32.

import { negative_32, two_to_102 } from './constants';
import { load_short_floats } from './short-float';
import { has_halves, is_centred, is_k, is_nibbles, is_six_bits, subtracts } from './traits';

/** The vector that chunk `chunk` begins with; `quants` is the first byte of the quants of a block, or of its second half. */
@inline
export function load_quants<L>(quants: usize, chunk: usize): v128 {
  return v128.load(quants + (is_nibbles<L>() ? 16 : 32) * (is_six_bits<L>() && chunk == 3 ? 0 : chunk));
}

/** Rows 0..3 of the chunk, a byte each column. */
@inline
export function low_rows<L>(vector: v128, quants: usize, chunk: usize, nibbles: v128, six_bits: v128): v128 {
  if (is_nibbles<L>()) return v128.and(vector, nibbles);
  if (!is_six_bits<L>()) return vector;
  if (chunk == 3) return fourth_chunk(vector, v128.load(quants, 32), v128.load(quants, 64), six_bits);
  return v128.and(vector, six_bits);
}

/** Chunk 3 of six bits, out of what the other three carry above theirs. */
@inline
export function fourth_chunk(first: v128, second: v128, third: v128, six_bits: v128): v128 {
  const low = i16x8.shr_u(v128.andnot(third, six_bits), 2);
  const middle = i16x8.shr_u(v128.or(low, v128.andnot(second, six_bits)), 2);
  return i16x8.shr_u(v128.or(middle, v128.andnot(first, six_bits)), 2);
}

/** Rows 4..7; the byte as it is where the layout subtracts. */
@inline
export function high_rows<L, S>(vector: v128, quants: usize, chunk: usize, nibbles: v128, six_bits: v128): v128 {
  return subtracts<L, S>() ? vector : high_nibbles_or_bytes<L>(vector, quants, chunk, nibbles, six_bits);
}

/** Rows 4..7, a byte each column. */
@inline
export function high_nibbles_or_bytes<L>(vector: v128, quants: usize, chunk: usize, nibbles: v128, six_bits: v128): v128 {
  if (is_nibbles<L>()) return v128.and(i16x8.shr_u(vector, 4), nibbles);
  const high = load_quants<L>(quants + 16, chunk);
  return is_six_bits<L>() ? low_rows<L>(high, quants + 16, chunk, nibbles, six_bits) : high;
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
  return f32x4.mul(is_centred<L>() ? four_values(block + 4 * half) : low_group_values(block + 8 * half), v128.load(head));
}

/** Scales of rows 4..7. `scale` is 2^102, or 2^98 where the layout subtracts. */
@inline
export function high_scales<L>(head: usize, block: usize, half: usize, bits: v128, scale: v128): v128 {
  if (!is_k<L>()) return load_short_floats(block + 8, bits, scale);
  return f32x4.mul(is_centred<L>() ? four_values(block + 8 + 4 * half) : high_group_values(block + 8 * half), v128.load(head, 16));
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
  if (is_centred<L>()) return f32x4.mul(scales, negative_32());
  if (!is_k<L>()) return load_short_floats(block + 16, bits, two_to_102());
  return f32x4.mul(low_group_values(block + (has_halves<L>() ? 16 : 8) + 8 * half), v128.load(head, 32));
}

/** What rows 4..7 add. */
@inline
export function high_mins<L>(head: usize, block: usize, half: usize, bits: v128, scales: v128): v128 {
  if (is_centred<L>()) return f32x4.mul(scales, negative_32());
  if (!is_k<L>()) return load_short_floats(block + 24, bits, two_to_102());
  return f32x4.mul(high_group_values(block + (has_halves<L>() ? 16 : 8) + 8 * half), v128.load(head, 48));
}

/** Four signed bytes. */
@inline
function four_values(at: usize): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(at))));
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
