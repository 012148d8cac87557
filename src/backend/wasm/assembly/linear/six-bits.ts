// six_bit_tile, six_bit_streams: products of six-bit weights with 8-bit activations, by pairs
//
//   sums[t, r] += d of t · scale of r · integer dot (+ d · sum of activations · min), for each block, ascending
//
//   Four chunks of 8 rows are unpacked to 8 registers, and all tokens go by. Dots are sums of pairs in 16 bits, over four
//   chunks: quants 0..31 stay below 31 · 127 · 8 < 2^15; those of q6_k wrap on their way to |quant - 32| · |x| · 8 <=
//   32 · 127 · 8 < 2^15. There a chunk has two columns of either half of the block, and so neighbouring lanes meet the group
//   scales of one and of the other. All of a block stays below 2^24, and so f32 holds it.
//
//   group      packed
//   x          one tile of prepared activations (forms.ts)
//   sums       f32 [tokens, 8] of a tile, [4, 8] of four streams
//   types      L a layout's number, H 0 or 1: a half of a block's chunks (statics.ts)

import { add_dot, column_sum } from './blocks';
import { low_six_bits, ones, short_float_bits, two_to_102 } from './constants';
import { HEADER } from './forms';
import { madd } from './ops';
import { fourth_chunk, high_mins, high_scales, low_mins, low_scales } from './operands';
import { slab_memory } from './state';
import { N0, N1 } from './statics';
import { head_bytes, is_centred, quant_bytes, scale_bytes } from './traits';

const DATA: usize = 32;

export function six_bit_tile<L>(group: usize, tokens: i32, x: usize, blocks: i32, sums: usize): void {
  const count = <usize>tokens;
  let head = group;
  for (let block = 0; block < blocks; block++) {
    if ((block & 7) == 0) {
      head = group;
      group += head_bytes<L>();
    }
    multiply_half<L, N0>(head, group, x, count, sums);
    multiply_half<L, N1>(head, group, x, count, sums);
    group += scale_bytes<L>() + quant_bytes<L>();
    x += count * (HEADER + DATA);
  }
}

/** sums = the products of four groups, `stride` bytes apart, with one token: six_bit_tile's, bit for bit. */
export function six_bit_streams<L>(group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  memory.fill(sums, 0, 4 * 32);
  let head = group;
  for (let block = 0; block < blocks; block++) {
    if ((block & 7) == 0) {
      head = group;
      group += head_bytes<L>();
    }
    multiply_block<L>(head, group, x, sums);
    multiply_block<L>(head + stride, group + stride, x, sums + 32);
    multiply_block<L>(head + 2 * stride, group + 2 * stride, x, sums + 64);
    multiply_block<L>(head + 3 * stride, group + 3 * stride, x, sums + 96);
    group += scale_bytes<L>() + quant_bytes<L>();
    x += HEADER + DATA;
  }
}

/** Half `H` of a block's chunks times all tokens of a tile; the first leaves its dots for the second. */
@inline
function multiply_half<L, H>(head: usize, block: usize, x: usize, tokens: usize, sums: usize): void {
  const six_bits = low_six_bits();
  const quants = block + (scale_bytes<L>() + 96 * offsetof<H>());
  const p0 = v128.load(quants), q0 = v128.load(quants, 16), p1 = v128.load(quants, 32), q1 = v128.load(quants, 48);
  const p2 = v128.load(quants, 64), q2 = v128.load(quants, 80);
  const l0 = v128.and(p0, six_bits), l1 = v128.and(p1, six_bits), l2 = v128.and(p2, six_bits);
  const h0 = v128.and(q0, six_bits), h1 = v128.and(q1, six_bits), h2 = v128.and(q2, six_bits);
  const l3 = fourth_chunk(p0, p1, p2, six_bits), h3 = fourth_chunk(q0, q1, q2, six_bits);
  const low_groups = load_groups<L>(block), high_groups = load_groups<L>(block + 8);
  const s0 = low_scale<L>(head, block), s1 = high_scale<L>(head, block);
  const m0 = low_min<L>(head, block, s0), m1 = high_min<L>(head, block, s1);
  let data = x + tokens * HEADER + 16 * offsetof<H>();
  let dots = slab_memory();
  for (const end = x + tokens * HEADER; x < end; x += HEADER) {
    const start = load_start<L>(x + (4 + 4 * offsetof<H>()));
    const x0 = v128.load32_splat(data), x1 = v128.load32_splat(data, 4);
    const x2 = v128.load32_splat(data, 8), x3 = v128.load32_splat(data, 12);
    const low = row_dots<L>(start, x0, x1, x2, x3, l0, l1, l2, l3, low_groups);
    const high = row_dots<L>(start, x0, x1, x2, x3, h0, h1, h2, h3, high_groups);
    if (offsetof<H>() == 0) {
      v128.store(dots, low);
      v128.store(dots, high, 16);
    } else {
      const first = v128.load(dots), second = v128.load(dots, 16);
      fold<L>(x, sums, i32x4.add(low, first), i32x4.add(high, second), s0, s1, m0, m1);
      sums += 32;
    }
    dots += 32;
    data += DATA;
  }
}

/** A whole block times one token: multiply_half twice, in registers. */
@inline
function multiply_block<L>(head: usize, block: usize, x: usize, sums: usize): void {
  const six_bits = low_six_bits();
  const quants = block + scale_bytes<L>();
  const low_groups = load_groups<L>(block), high_groups = load_groups<L>(block + 8);
  let start = load_start<L>(x + 4);
  let x0 = v128.load32_splat(x, 16), x1 = v128.load32_splat(x, 20), x2 = v128.load32_splat(x, 24), x3 = v128.load32_splat(x, 28);
  let p0 = v128.load(quants), p1 = v128.load(quants, 32), p2 = v128.load(quants, 64);
  let q0 = v128.load(quants, 16), q1 = v128.load(quants, 48), q2 = v128.load(quants, 80);
  let low = packed_dots<L>(start, x0, x1, x2, x3, p0, p1, p2, six_bits, low_groups);
  let high = packed_dots<L>(start, x0, x1, x2, x3, q0, q1, q2, six_bits, high_groups);

  start = load_start<L>(x + 8);
  x0 = v128.load32_splat(x, 32); x1 = v128.load32_splat(x, 36); x2 = v128.load32_splat(x, 40); x3 = v128.load32_splat(x, 44);
  p0 = v128.load(quants, 96); p1 = v128.load(quants, 128); p2 = v128.load(quants, 160);
  q0 = v128.load(quants, 112); q1 = v128.load(quants, 144); q2 = v128.load(quants, 176);
  low = i32x4.add(packed_dots<L>(start, x0, x1, x2, x3, p0, p1, p2, six_bits, low_groups), low);
  high = i32x4.add(packed_dots<L>(start, x0, x1, x2, x3, q0, q1, q2, six_bits, high_groups), high);

  const s0 = low_scale<L>(head, block), s1 = high_scale<L>(head, block);
  fold<L>(x, sums, low, high, s0, s1, low_min<L>(head, block, s0), high_min<L>(head, block, s1));
}

@inline
function packed_dots<L>(
  start: v128, x0: v128, x1: v128, x2: v128, x3: v128, p0: v128, p1: v128, p2: v128, six_bits: v128, groups: v128,
): v128 {
  const fourth = fourth_chunk(p0, p1, p2, six_bits);
  return row_dots<L>(start, x0, x1, x2, x3, v128.and(p0, six_bits), v128.and(p1, six_bits), v128.and(p2, six_bits), fourth, groups);
}

/** Four rows: start + the dots of four chunks, times `groups`, as i32. */
@inline
function row_dots<L>(
  start: v128, x0: v128, x1: v128, x2: v128, x3: v128, w0: v128, w1: v128, w2: v128, w3: v128, groups: v128,
): v128 {
  const first = is_centred<L>() ? i16x8.add(start, pairs(x0, w0)) : pairs(x0, w0);
  const dots = i16x8.add(i16x8.add(i16x8.add(first, pairs(x1, w1)), pairs(x2, w2)), pairs(x3, w3));
  return i32x4.dot_i16x8_s(dots, groups);
}

@inline
function pairs(x: v128, weight: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.relaxed_dot_i8x16_i7x16_s(x, weight);
  return unreachable();
}

/** sums += d · scale · dot (+ d · sum of activations · min) for one token */
@inline
function fold<L>(header: usize, sums: usize, low: v128, high: v128, s0: v128, s1: v128, m0: v128, m1: v128): void {
  const d = v128.load32_splat(header);
  low = add_dot(low, d, s0, v128.load(sums));
  high = add_dot(high, d, s1, v128.load(sums, 16));
  if (!is_centred<L>()) {
    const total = column_sum<L>(header, 0);
    low = madd(m0, total, low);
    high = madd(m1, total, high);
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}

/** Where pairs start that have a zero point. */
@inline
function load_start<L>(at: usize): v128 {
  return is_centred<L>() ? v128.load32_splat(at) : i32x4.splat(0);
}

/**
 * Group scales of four rows, for either half of the block in turn; where all of a block has one scale, 1. Neighbours could be
 * added without a product, but V8 takes two such sums of the same rows for a pair to fuse, instead of those of rows 0..3 and 4..7.
 */
@inline
function load_groups<L>(at: usize): v128 {
  return is_centred<L>() ? v128.load8x8_s(at) : ones();
}

/** Scales of rows 0..3: without the group scales where those have multiplied the dots. */
@inline
function low_scale<L>(head: usize, block: usize): v128 {
  return is_centred<L>() ? v128.load(head) : low_scales<L>(head, block, 0, short_float_bits(), two_to_102());
}

@inline
function high_scale<L>(head: usize, block: usize): v128 {
  return is_centred<L>() ? v128.load(head, 16) : high_scales<L>(head, block, 0, short_float_bits(), two_to_102());
}

@inline
function low_min<L>(head: usize, block: usize, scale: v128): v128 {
  return is_centred<L>() ? scale : low_mins<L>(head, block, 0, short_float_bits(), scale);
}

@inline
function high_min<L>(head: usize, block: usize, scale: v128): v128 {
  return is_centred<L>() ? scale : high_mins<L>(head, block, 0, short_float_bits(), scale);
}
