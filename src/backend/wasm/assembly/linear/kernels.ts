// The kernels there are: every layout with every kernel set that multiplies it, one function each.
//
//   size 0     4 groups of 8 rows, `stride` bytes apart, times one token
//   size 1..6  1 group times a tile of 1, 2, 4 or, of integers, 6 tokens

import { float_streams, float_tile } from './floats';
import { integer_streams } from './integer-streams';
import { integer_tile } from './integer-tile';
import {
  BF16_COLUMNS, BYTES, BYTES_MIN, F16_COLUMNS, F32_COLUMNS, K_BYTES, K_HALVES, K_NIBBLES, K_SIX_BITS, NIBBLES, NIBBLES_MIN,
  set_of_layout,
} from './layouts';
import { DOT_UNSIGNED, I16, PAIRS } from './state';

@inline
function integers(layout: i32, set: i32, size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  const blocks = columns >> 5;
  if (size == 0) return integer_streams(layout, set, group, stride, x, blocks, sums);
  if (size == 1) return integer_tile(layout, set, 1, group, x, blocks, sums);
  if (size == 2) return integer_tile(layout, set, 2, group, x, blocks, sums);
  if (size == 4) return integer_tile(layout, set, 4, group, x, blocks, sums);
  return integer_tile(layout, set, 6, group, x, blocks, sums);
}

@inline
function floats(layout: i32, size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  if (size == 0) return float_streams(layout, group, stride, x, columns, sums);
  if (size == 1) return float_tile(layout, 1, group, x, columns, sums);
  if (size == 2) return float_tile(layout, 2, group, x, columns, sums);
  return float_tile(layout, 4, group, x, columns, sums);
}

function f32_columns(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  floats(F32_COLUMNS, size, group, stride, x, columns, sums);
}

function f16_columns(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  floats(F16_COLUMNS, size, group, stride, x, columns, sums);
}

function bf16_columns(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  floats(BF16_COLUMNS, size, group, stride, x, columns, sums);
}

function nibbles_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(NIBBLES, I16, size, group, stride, x, columns, sums);
}

function nibbles_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(NIBBLES, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function nibbles_pairs(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(NIBBLES, PAIRS, size, group, stride, x, columns, sums);
}

function nibbles_min_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(NIBBLES_MIN, I16, size, group, stride, x, columns, sums);
}

function nibbles_min_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(NIBBLES_MIN, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function nibbles_min_pairs(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(NIBBLES_MIN, PAIRS, size, group, stride, x, columns, sums);
}

function bytes_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(BYTES, I16, size, group, stride, x, columns, sums);
}

function bytes_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(BYTES, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function bytes_min_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(BYTES_MIN, I16, size, group, stride, x, columns, sums);
}

function bytes_min_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(BYTES_MIN, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function k_nibbles_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_NIBBLES, I16, size, group, stride, x, columns, sums);
}

function k_nibbles_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_NIBBLES, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function k_nibbles_pairs(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_NIBBLES, PAIRS, size, group, stride, x, columns, sums);
}

function k_bytes_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_BYTES, I16, size, group, stride, x, columns, sums);
}

function k_bytes_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_BYTES, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function k_six_bits_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_SIX_BITS, I16, size, group, stride, x, columns, sums);
}

function k_six_bits_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_SIX_BITS, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function k_halves_i16(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_HALVES, I16, size, group, stride, x, columns, sums);
}

function k_halves_dot(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_HALVES, DOT_UNSIGNED, size, group, stride, x, columns, sums);
}

function k_halves_pairs(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  integers(K_HALVES, PAIRS, size, group, stride, x, columns, sums);
}

export function run_kernel(layout: i32, size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  if (layout == F32_COLUMNS) return f32_columns(size, group, stride, x, columns, sums);
  if (layout == F16_COLUMNS) return f16_columns(size, group, stride, x, columns, sums);
  if (layout == BF16_COLUMNS) return bf16_columns(size, group, stride, x, columns, sums);
  const set = set_of_layout(layout);
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (set == PAIRS) {
      if (layout == NIBBLES) return nibbles_pairs(size, group, stride, x, columns, sums);
      if (layout == NIBBLES_MIN) return nibbles_min_pairs(size, group, stride, x, columns, sums);
      if (layout == K_NIBBLES) return k_nibbles_pairs(size, group, stride, x, columns, sums);
      if (layout == K_HALVES) return k_halves_pairs(size, group, stride, x, columns, sums);
    }
    if (set >= DOT_UNSIGNED) {
      if (layout == NIBBLES) return nibbles_dot(size, group, stride, x, columns, sums);
      if (layout == NIBBLES_MIN) return nibbles_min_dot(size, group, stride, x, columns, sums);
      if (layout == BYTES) return bytes_dot(size, group, stride, x, columns, sums);
      if (layout == BYTES_MIN) return bytes_min_dot(size, group, stride, x, columns, sums);
      if (layout == K_NIBBLES) return k_nibbles_dot(size, group, stride, x, columns, sums);
      if (layout == K_BYTES) return k_bytes_dot(size, group, stride, x, columns, sums);
      if (layout == K_SIX_BITS) return k_six_bits_dot(size, group, stride, x, columns, sums);
      if (layout == K_HALVES) return k_halves_dot(size, group, stride, x, columns, sums);
    }
  }
  if (layout == NIBBLES) return nibbles_i16(size, group, stride, x, columns, sums);
  if (layout == NIBBLES_MIN) return nibbles_min_i16(size, group, stride, x, columns, sums);
  if (layout == BYTES) return bytes_i16(size, group, stride, x, columns, sums);
  if (layout == BYTES_MIN) return bytes_min_i16(size, group, stride, x, columns, sums);
  if (layout == K_NIBBLES) return k_nibbles_i16(size, group, stride, x, columns, sums);
  if (layout == K_BYTES) return k_bytes_i16(size, group, stride, x, columns, sums);
  if (layout == K_SIX_BITS) return k_six_bits_i16(size, group, stride, x, columns, sums);
  if (layout == K_HALVES) return k_halves_i16(size, group, stride, x, columns, sums);
}
