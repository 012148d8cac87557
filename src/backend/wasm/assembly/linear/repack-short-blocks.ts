// Whole groups of q8_0, q4_0 and q4_1 in registers. What most weights are must load at the speed of memory; other formats and
// groups that lack rows go the longer way of repack.ts.

import { low_nibbles } from './constants';
import { has_chunk_pairs, NIBBLES_MIN, stored_offset } from './layouts';
import { pair_chunks } from './pack';
import { pack_short_floats } from './pack-short-floats';
import { transpose_4x4 } from './transpose';

/** 8 rows of q8_0. @returns 1 where a scale is out of range */
export function repack_q8_0(layout: i32, source: usize, step: usize, group: usize, columns: i32): i32 {
  const flip = i8x16.splat(<i8>(0x80 ^ stored_offset(layout)));
  let outside = 0;
  for (const end = group + <usize>(columns >> 5) * 272; group < end; group += 272) {
    outside |= pack_short_floats(source, step, group);
    byte_square(source + 2, step, group + 16, flip);
    byte_square(source + 18, step, group + 16 + 128, flip);
    byte_square(source + 2 + 4 * step, step, group + 32, flip);
    byte_square(source + 18 + 4 * step, step, group + 32 + 128, flip);
    source += 34;
  }
  return outside;
}

/** 8 rows of q4_0 or, with minima, q4_1. @returns 1 where a scale or a minimum is out of range */
export function repack_q4(layout: i32, source: usize, step: usize, group: usize, columns: i32): i32 {
  const mask = low_nibbles();
  const flip = i8x16.splat(<i8>stored_offset(layout));
  const head: usize = layout == NIBBLES_MIN ? 32 : 16;
  let outside = 0;
  for (const end = group + <usize>(columns >> 5) * (head + 128); group < end; group += head + 128) {
    outside |= pack_short_floats(source, step, group);
    source += 2;
    if (layout == NIBBLES_MIN) {
      outside |= pack_short_floats(source, step, group + 16);
      source += 2;
    }
    if (has_chunk_pairs(layout)) nibble_pair_square(source, step, group + head, mask);
    else nibble_square(source, step, group + head, group + head + 64, mask, flip);
    source += 16;
  }
  return outside;
}

/** 16 columns of 4 rows, a byte each, to every other vector of `out`. */
@inline
function byte_square(from: usize, step: usize, out: usize, flip: v128): void {
  transpose_4x4(
    v128.xor(v128.load(from), flip),
    v128.xor(v128.load(from + step), flip),
    v128.xor(v128.load(from + 2 * step), flip),
    v128.xor(v128.load(from + 3 * step), flip),
    out,
    32,
  );
}

/** 16 bytes of 8 rows: low nibbles are 16 columns that go to `low`, high nibbles 16 others that go to `high`. */
@inline
export function nibble_square(from: usize, step: usize, low: usize, high: usize, mask: v128, flip: v128): void {
  const r0 = v128.load(from), r1 = v128.load(from + step), r2 = v128.load(from + 2 * step), r3 = v128.load(from + 3 * step);
  from += 4 * step;
  const r4 = v128.load(from), r5 = v128.load(from + step), r6 = v128.load(from + 2 * step), r7 = v128.load(from + 3 * step);
  transpose_4x4(
    low_pair(r0, r4, mask, flip), low_pair(r1, r5, mask, flip), low_pair(r2, r6, mask, flip), low_pair(r3, r7, mask, flip), low, 16,
  );
  transpose_4x4(
    high_pair(r0, r4, mask, flip), high_pair(r1, r5, mask, flip), high_pair(r2, r6, mask, flip), high_pair(r3, r7, mask, flip), high, 16,
  );
}

/** Low nibbles of both rows: the first's stay, the second's become the high ones. */
@inline
function low_pair(first: v128, second: v128, mask: v128, flip: v128): v128 {
  return v128.xor(v128.or(v128.and(first, mask), i16x8.shl(v128.and(second, mask), 4)), flip);
}

@inline
function high_pair(first: v128, second: v128, mask: v128, flip: v128): v128 {
  return v128.xor(v128.or(v128.and(i16x8.shr_u(first, 4), mask), v128.andnot(second, mask)), flip);
}

/** The same for the pairs set: all 32 columns to the 128 bytes of `out`. */
@inline
function nibble_pair_square(from: usize, step: usize, out: usize, mask: v128): void {
  for (const end = out + 32; out < end; out += 16, from += 4 * step) {
    const r0 = v128.load(from), r1 = v128.load(from + step), r2 = v128.load(from + 2 * step), r3 = v128.load(from + 3 * step);
    pair_chunks(v128.and(r0, mask), v128.and(r1, mask), v128.and(r2, mask), v128.and(r3, mask), out);
    pair_chunks(high_nibbles(r0, mask), high_nibbles(r1, mask), high_nibbles(r2, mask), high_nibbles(r3, mask), out + 64);
  }
}

@inline
function high_nibbles(row: v128, mask: v128): v128 {
  return v128.and(i16x8.shr_u(row, 4), mask);
}
