// The kernels there are: every layout with every kernel set that multiplies it.
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
import { DOT_UNSIGNED, PAIRS } from './state';
import { N0, N1, N10, N2, N3, N4, N5, N6, N7, N8, N9 } from './statics';

export function run_kernel(layout: i32, size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  if (layout == F32_COLUMNS) return floats<N0>(size, group, stride, x, columns, sums);
  if (layout == F16_COLUMNS) return floats<N1>(size, group, stride, x, columns, sums);
  if (layout == BF16_COLUMNS) return floats<N2>(size, group, stride, x, columns, sums);
  const set = set_of_layout(layout);
  const blocks = columns >> 5;
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (set == PAIRS) return nibbles<N1>(layout, size, group, stride, x, blocks, sums);
    if (set >= DOT_UNSIGNED) return bytes<N2>(layout, size, group, stride, x, blocks, sums);
  }
  bytes<N0>(layout, size, group, stride, x, blocks, sums);
}

/** Any integer layout. */
function bytes<S>(layout: i32, size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (layout == BYTES) return integers<N5, S>(size, group, stride, x, blocks, sums);
  if (layout == BYTES_MIN) return integers<N6, S>(size, group, stride, x, blocks, sums);
  if (layout == K_BYTES) return integers<N8, S>(size, group, stride, x, blocks, sums);
  if (layout == K_SIX_BITS) return integers<N9, S>(size, group, stride, x, blocks, sums);
  nibbles<S>(layout, size, group, stride, x, blocks, sums);
}

/** The layouts whose quants are 0..15. */
function nibbles<S>(layout: i32, size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (layout == NIBBLES) return integers<N3, S>(size, group, stride, x, blocks, sums);
  if (layout == NIBBLES_MIN) return integers<N4, S>(size, group, stride, x, blocks, sums);
  if (layout == K_NIBBLES) return integers<N7, S>(size, group, stride, x, blocks, sums);
  if (layout == K_HALVES) return integers<N10, S>(size, group, stride, x, blocks, sums);
}

function integers<L, S>(size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (size == 0) return integer_streams<L, S>(group, stride, x, blocks, sums);
  if (size == 1) return integer_tile<L, S, N1>(group, x, blocks, sums);
  if (size == 2) return integer_tile<L, S, N2>(group, x, blocks, sums);
  if (size == 4) return integer_tile<L, S, N4>(group, x, blocks, sums);
  integer_tile<L, S, N6>(group, x, blocks, sums);
}

function floats<L>(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  if (size == 0) return float_streams<L>(group, stride, x, columns, sums);
  if (size == 1) return float_tile<L, N1>(group, x, columns, sums);
  if (size == 2) return float_tile<L, N2>(group, x, columns, sums);
  float_tile<L, N4>(group, x, columns, sums);
}
