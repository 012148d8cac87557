// The packed layouts: their numbers, sizes and forms. src/backend/wasm/layouts.ts mirrors the first two.
//
// All pack groups of 8 rows. Integer layouts go block by block of 32 columns; a block is its scales, then its quants:
//
//   nibbles    128 B: chunk j = 0..7 at 16 j holds columns 4 j .. 4 j + 3; byte 4 r + c: row r in the low, r + 4 in the high nibble
//              in the pairs set vectors 2 v and 2 v + 1 at 32 v: rows 0..3, then rows 4..7; byte 4 r + c: chunk 2 v in the low,
//              chunk 2 v + 1 in the high nibble
//   bytes      256 B: chunk j at 32 j: 16 B of rows 0..3, then 16 B of rows 4..7; byte 4 r + c
//   six bits   96 B for each half of 16 columns: chunks 0..2 as in bytes; bits 6 and 7 of the three, first to last, are bits
//              4 5, 2 3 and 0 1 of chunk 3. Rows 0..3 and 4..7 take the same steps, side by side: an engine may fuse them.
//              Those of q6_k have their columns and group scales in the order of halves_in_turn (forms.ts) in the pairs set
//
// Blocks of a K-quant come in eights behind 8 scales and 8 negated minima as f32; a block begins with group scales and group
// minima, a signed byte for each row.

import { FLOATS, I16_SUMS, I16_ZEROS, I8_HALVES, I8_SUMS, I8_ZEROS } from './forms';
import { DOT_SIGNED, I16, kernel_set, PAIRS } from './state';

/** f32: for every column the 8 rows. */
export const F32_COLUMNS = 0;
/** Short floats: for every column the 8 rows. */
export const F16_COLUMNS = 1;
/** bfloat16: for every column the 8 rows. */
export const BF16_COLUMNS = 2;
/** q4_0: short float scales x 8 | nibbles; value = scale · (nibble - 8) */
export const NIBBLES = 3;
/** q4_1: short float scales x 8 | short float minima x 8 | nibbles; value = scale · nibble + min */
export const NIBBLES_MIN = 4;
/** q8_0, q5_0: short float scales x 8 | bytes, + 128 unless dots are signed; value = scale · byte */
export const BYTES = 5;
/** q5_1: short float scales x 8 | short float minima x 8 | six bits, 0..31; value = scale · quant + min */
export const SIX_BITS_MIN = 6;
/** q4_k: K head; group scales x 8 | group minima x 8 | nibbles */
export const K_NIBBLES = 7;
/** q5_k: K head; group scales x 8 | group minima x 8 | six bits, 0..31 */
export const K_SIX_BITS_MIN = 8;
/** q6_k: 8 scales alone; group scales of rows 0..3 in columns 0..15 and in 16..31 | of rows 4..7 | six bits; value = ... · (quant - 32) */
export const K_SIX_BITS = 9;
/** q2_k, q3_k: K head; group scales x 16 as above | group minima x 16 | nibbles */
export const K_HALVES = 10;

/** Bytes before the quants of a block. */
@inline
export function scale_bytes(layout: i32): usize {
  if (layout == NIBBLES_MIN || layout == SIX_BITS_MIN || layout == K_HALVES) return 32;
  return 16;
}

/** Where a block of q6_k has the group scale of `row` for columns 16 · half and on. */
@inline
export function six_bit_scale(row: usize, half: i32): usize {
  if (kernel_set() == PAIRS) return 2 * row + <usize>half;
  return 8 * (row >> 2) + <usize>(4 * half) + (row & 3);
}

/** Where a block of q6_k has a column. */
@inline
export function six_bit_column(column: i32): i32 {
  if (kernel_set() != PAIRS) return column;
  return ((column & 14) << 1) + ((column >> 4) << 1) + (column & 1);
}

@inline
export function quant_bytes(layout: i32): usize {
  if (layout == BYTES) return 256;
  return is_six_bits(layout) ? 192 : 128;
}

/** Bytes before every eight blocks. */
@inline
export function head_bytes(layout: i32): usize {
  if (layout < K_NIBBLES) return 0;
  return layout == K_SIX_BITS ? 32 : 64;
}

export function layout_group_bytes(layout: i32, columns: i32): usize {
  if (layout == F32_COLUMNS) return <usize>columns * 32;
  if (layout < NIBBLES) return <usize>columns * 16;
  const blocks = <usize>columns >> 5;
  return blocks * (scale_bytes(layout) + quant_bytes(layout)) + (blocks >> 3) * head_bytes(layout);
}

/** True where one 16-byte vector of quants holds all 8 rows. */
@inline
export function is_nibbles(layout: i32): bool {
  return layout == NIBBLES || layout == NIBBLES_MIN || layout == K_NIBBLES || layout == K_HALVES;
}

/** True where nibbles lie as the pairs set reads them. */
@inline
export function has_chunk_pairs(layout: i32): bool {
  return kernel_set() == PAIRS && is_nibbles(layout);
}

@inline
export function is_six_bits(layout: i32): bool {
  return layout == SIX_BITS_MIN || layout == K_SIX_BITS_MIN || layout == K_SIX_BITS;
}

/** True where columns 0..15 and 16..31 of a block have scales of their own. */
@inline
export function has_halves(layout: i32): bool {
  return layout == K_HALVES || layout == K_SIX_BITS;
}

/** True where a block adds (or, in q6_k, subtracts) a multiple of the sum of its activations. */
@inline
export function has_min(layout: i32): bool {
  return layout != NIBBLES && layout != BYTES;
}

/** True where high nibbles come from the byte taken whole, less the low ones: 16 · high = byte - low. */
@inline
export function subtracts(layout: i32, set: i32): bool {
  return set != PAIRS && (layout == NIBBLES || layout == NIBBLES_MIN || layout == K_NIBBLES);
}

/** What turns stored bytes into unsigned ones: 0x80 in every byte, or 0. */
export function stored_offset(layout: i32): i32 {
  const signed = kernel_set() == DOT_SIGNED && (layout == BYTES || subtracts(layout, DOT_SIGNED));
  return signed ? 0x80 : 0;
}

/** The kernel set that multiplies this layout: 8-bit pairs would overflow with anything wider than six bits. */
@inline
export function set_of_layout(layout: i32): i32 {
  return kernel_set() == PAIRS && layout == BYTES ? I16 : kernel_set();
}

export function layout_form(layout: i32): i32 {
  if (layout < NIBBLES) return FLOATS;
  if (kernel_set() == PAIRS && layout == K_SIX_BITS) return I8_HALVES;
  if (set_of_layout(layout) == I16) return has_min(layout) ? I16_SUMS : I16_ZEROS;
  return has_min(layout) ? I8_SUMS : I8_ZEROS;
}
