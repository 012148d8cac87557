// The kernels there are: every layout with every kernel set that multiplies it.

import { byte_tile } from './byte-tile';
import { float_streams, float_tile, unpack_floats } from './floats';
import { integer_streams } from './integer-streams';
import { integer_tile } from './integer-tile';
import {
  BF16_COLUMNS, BYTES, F16_COLUMNS, F32_COLUMNS, has_halves, has_min, K_HALVES, K_NIBBLES, K_SIX_BITS, K_SIX_BITS_MIN, NIBBLES,
  NIBBLES_MIN, set_of_layout, SIX_BITS_MIN,
} from './layouts';
import { nibble_streams } from './nibble-streams';
import { nibble_tile } from './nibble-tile';
import { six_bit_streams, six_bit_tile } from './six-bits';
import { slab_tile } from './slab-tile';
import { DOT_UNSIGNED, I16, is_wide, PAIRS } from './state';
import { N0, N1, N10, N2, N3, N4, N5, N6, N7, N8, N9 } from './statics';
import { has_large_tiles, is_i16 } from './traits';
import { unpack_slab } from './unpack-slab';

/** `size` of `run_kernel`: 4 groups of 8 rows, `stride` bytes apart, times one token; their sums begin at 0. */
export const STREAMED = 0;

/** `size` of `run_kernel`: no product; `columns` columns of a group are unpacked to `sums`. */
export const UNPACK = -1;

/** 1 group times a tile of `size` tokens, 1 to 4, of floats to 5, with 16-bit operands to 6, in the pairs set of nibbles to 8 and of six bits to 16; added to `sums`. Or what the constants above say. */
export function run_kernel(layout: i32, size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  if (layout == F32_COLUMNS) return floats<N0>(size, group, stride, x, columns, sums);
  if (layout == F16_COLUMNS) return floats<N1>(size, group, stride, x, columns, sums);
  if (layout == BF16_COLUMNS) return floats<N2>(size, group, stride, x, columns, sums);
  const set = set_of_layout(layout);
  const blocks = columns >> 5;
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (set == PAIRS) return pairs(layout, size, group, stride, x, blocks, sums);
    if (set >= DOT_UNSIGNED) return bytes<N2>(layout, size, group, stride, x, blocks, sums);
  }
  bytes<N0>(layout, size, group, stride, x, blocks, sums);
}

/** Any integer layout. */
function bytes<S>(layout: i32, size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (layout == BYTES) return integers<N5, S>(size, group, stride, x, blocks, sums);
  if (layout == SIX_BITS_MIN) return integers<N6, S>(size, group, stride, x, blocks, sums);
  if (layout == K_SIX_BITS_MIN) return integers<N8, S>(size, group, stride, x, blocks, sums);
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

/** The same layouts, and six bits, in the pairs set. */
function pairs(layout: i32, size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (layout == NIBBLES) return nibble_pairs<N3>(size, group, stride, x, blocks, sums);
  if (layout == NIBBLES_MIN) return nibble_pairs<N4>(size, group, stride, x, blocks, sums);
  if (layout == K_NIBBLES) return nibble_pairs<N7>(size, group, stride, x, blocks, sums);
  if (layout == SIX_BITS_MIN) return six_bits<N6>(size, group, stride, x, blocks, sums);
  if (layout == K_SIX_BITS_MIN) return six_bits<N8>(size, group, stride, x, blocks, sums);
  if (layout == K_SIX_BITS) return six_bits<N9>(size, group, stride, x, blocks, sums);
  if (layout == K_HALVES) return nibble_pairs<N10>(size, group, stride, x, blocks, sums);
}

function nibble_pairs<L>(size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (size == STREAMED) return nibble_streams<L>(group, stride, x, blocks, sums);
  if (size == 1) return nibble_tile<L, N1>(group, x, blocks, sums);
  if (size == 2) return nibble_tile<L, N2>(group, x, blocks, sums);
  if (size == 3) return nibble_tile<L, N3>(group, x, blocks, sums);
  if (size == 4) return nibble_tile<L, N4>(group, x, blocks, sums);
  if (size == 5) return nibble_tile<L, N5>(group, x, blocks, sums);
  if (size == 6) return nibble_tile<L, N6>(group, x, blocks, sums);
  if (size == 7) return nibble_tile<L, N7>(group, x, blocks, sums);
  nibble_tile<L, N8>(group, x, blocks, sums);
}

function six_bits<L>(size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (size == STREAMED) return six_bit_streams<L>(group, stride, x, blocks, sums);
  six_bit_tile<L>(group, size, x, blocks, sums);
}

function integers<L, S>(size: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  if (size == UNPACK && !has_large_tiles<L, S>()) return unpack_slab<L, S>(group, blocks, sums);
  if (size == STREAMED) return integer_streams<L, S>(group, stride, x, blocks, sums);
  if (size == 1) return integer_tile<L, S, N1>(group, x, blocks, sums);
  if (size == 2) return integer_tile<L, S, N2>(group, x, blocks, sums);
  if (size == 3) return integer_tile<L, S, N3>(group, x, blocks, sums);
  if (size == 4 || !has_large_tiles<L, S>()) return integer_tile<L, S, N4>(group, x, blocks, sums);
  if (size == 5) return integer_tile<L, S, N5>(group, x, blocks, sums);
  integer_tile<L, S, N6>(group, x, blocks, sums);
}

function floats<L>(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  if (size == UNPACK) return unpack_floats<L>(group, columns, sums);
  if (size == STREAMED) return float_streams<L>(group, stride, x, columns, sums);
  if (size == 1) return float_tile<L, N1>(group, x, columns, sums);
  if (size == 2) return float_tile<L, N2>(group, x, columns, sums);
  if (size == 3) return float_tile<L, N3>(group, x, columns, sums);
  if (size == 4) return float_tile<L, N4>(group, x, columns, sums);
  float_tile<L, N5>(group, x, columns, sums);
}

/** Whether `run_two_groups` multiplies this layout: its sums and operands need all the registers there are if they are wide. */
@inline
export function goes_by_two(layout: i32): bool {
  return is_wide() && layout == BYTES && set_of_layout(layout) == I16;
}

/** 2 groups, `stride` bytes apart, times a tile of `size` tokens, 1 to 4; added to `sums` [2, size, 8]. */
export function run_two_groups(size: i32, group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  const blocks = columns >> 5;
  if (size == 1) return byte_tile<N1>(group, stride, x, blocks, sums);
  if (size == 2) return byte_tile<N2>(group, stride, x, blocks, sums);
  if (size == 3) return byte_tile<N3>(group, stride, x, blocks, sums);
  byte_tile<N4>(group, stride, x, blocks, sums);
}

/** An unpacked slab times a tile of `size` tokens, 4 or 5, floats from 2; added to `sums`. `layout` is the packed weight's. */
export function run_slab(layout: i32, size: i32, slab: usize, x: usize, columns: i32, sums: usize): void {
  if (layout < NIBBLES) return floats<N0>(size, slab, 0, x, columns, sums);
  const set = set_of_layout(layout);
  const blocks = columns >> 5;
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (set >= DOT_UNSIGNED && layout == BYTES) return slab_sizes<N5, N2>(size, slab, x, blocks, sums);
    if (set >= DOT_UNSIGNED) return slabs<N2>(layout, size, slab, x, blocks, sums);
  }
  slabs<N0>(layout, size, slab, x, blocks, sums);
}

/** Kinds of slab: with minima, with two of them to a block, and without. */
function slabs<S>(layout: i32, size: i32, slab: usize, x: usize, blocks: i32, sums: usize): void {
  if (has_halves(layout)) return slab_sizes<N10, S>(size, slab, x, blocks, sums);
  if (has_min(layout)) return slab_sizes<N4, S>(size, slab, x, blocks, sums);
  if (!is_i16<S>()) slab_sizes<N3, S>(size, slab, x, blocks, sums);
}

function slab_sizes<L, S>(size: i32, slab: usize, x: usize, blocks: i32, sums: usize): void {
  if (size == 4) return slab_tile<L, S, N4>(slab, x, blocks, sums);
  slab_tile<L, S, N5>(slab, x, blocks, sums);
}
