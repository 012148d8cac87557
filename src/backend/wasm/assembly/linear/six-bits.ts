// six_bit_tile, six_bit_streams: products of six-bit weights with 8-bit activations, by pairs
//
//   sums[t, r] += scale of r · sum over blocks of d of t · integer dot, one fused sum for each block, ascending
//
//   Four chunks of 8 rows are unpacked to 8 registers, and all tokens go by. Dots are sums of pairs in 16 bits: they wrap, but
//   end within |quant - 32| · |x| · 8 <= 32 · 127 · 8 < 2^15. A chunk has two columns of either half of the block, and so
//   neighbouring lanes meet the group scales of one and of the other. All of a block stays below 2^24, and so f32 holds it.
//
//   group      packed, K_SIX_BITS
//   x          one tile of prepared activations (forms.ts)
//   sums       f32 [tokens, 8] of a tile, [4, 8] of four streams

import { add_dot } from './blocks';
import { low_six_bits } from './constants';
import { HEADER } from './forms';
import { K_SIX_BITS, head_bytes, quant_bytes, scale_bytes } from './layouts';
import { fourth_chunk } from './operands';
import { slab_memory } from './state';
import { N0, N1 } from './statics';

const DATA: usize = 32;

export function six_bit_tile(group: usize, tokens: i32, x: usize, blocks: i32, sums: usize): void {
  const count = <usize>tokens;
  let head = group;
  for (let block = 0; block < blocks; block++) {
    if ((block & 7) == 0) {
      head = group;
      group += head_bytes(K_SIX_BITS);
    }
    multiply_half<N0>(head, group, x, count, sums);
    multiply_half<N1>(head, group, x, count, sums);
    group += scale_bytes(K_SIX_BITS) + quant_bytes(K_SIX_BITS);
    x += count * (HEADER + DATA);
  }
}

/** sums = the products of four groups, `stride` bytes apart, with one token. */
export function six_bit_streams(group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  memory.fill(sums, 0, 4 * 32);
  let head = group;
  for (let block = 0; block < blocks; block++) {
    if ((block & 7) == 0) {
      head = group;
      group += head_bytes(K_SIX_BITS);
    }
    multiply_block(head, group, x, sums);
    multiply_block(head + stride, group + stride, x, sums + 32);
    multiply_block(head + 2 * stride, group + 2 * stride, x, sums + 64);
    multiply_block(head + 3 * stride, group + 3 * stride, x, sums + 96);
    group += scale_bytes(K_SIX_BITS) + quant_bytes(K_SIX_BITS);
    x += HEADER + DATA;
  }
}

/** Half `H` of a block's chunks times all tokens of a tile; the first leaves its dots for the second. */
@inline
function multiply_half<H>(head: usize, block: usize, x: usize, tokens: usize, sums: usize): void {
  const six_bits = low_six_bits();
  const quants = block + (scale_bytes(K_SIX_BITS) + 96 * offsetof<H>());
  const p0 = v128.load(quants), q0 = v128.load(quants, 16), p1 = v128.load(quants, 32), q1 = v128.load(quants, 48);
  const p2 = v128.load(quants, 64), q2 = v128.load(quants, 80);
  const l0 = v128.and(p0, six_bits), l1 = v128.and(p1, six_bits), l2 = v128.and(p2, six_bits);
  const h0 = v128.and(q0, six_bits), h1 = v128.and(q1, six_bits), h2 = v128.and(q2, six_bits);
  const l3 = fourth_chunk(p0, p1, p2, six_bits), h3 = fourth_chunk(q0, q1, q2, six_bits);
  const low_scale = v128.load8x8_s(block), high_scale = v128.load8x8_s(block, 8);
  let data = x + tokens * HEADER + 16 * offsetof<H>();
  let dots = slab_memory();
  for (const end = x + tokens * HEADER; x < end; x += HEADER) {
    const start = v128.load32_splat(x + (4 + 4 * offsetof<H>()));
    const x0 = v128.load32_splat(data), x1 = v128.load32_splat(data, 4);
    const x2 = v128.load32_splat(data, 8), x3 = v128.load32_splat(data, 12);
    let low = row_dots(start, x0, x1, x2, x3, l0, l1, l2, l3, low_scale);
    let high = row_dots(start, x0, x1, x2, x3, h0, h1, h2, h3, high_scale);
    if (offsetof<H>() == 0) {
      v128.store(dots, low);
      v128.store(dots, high, 16);
    } else {
      const d = v128.load32_splat(x);
      low = i32x4.add(low, v128.load(dots));
      high = i32x4.add(high, v128.load(dots, 16));
      low = add_dot(low, d, v128.load(head), v128.load(sums));
      high = add_dot(high, d, v128.load(head, 16), v128.load(sums, 16));
      v128.store(sums, low);
      v128.store(sums, high, 16);
      sums += 32;
    }
    dots += 32;
    data += DATA;
  }
}

/** A whole block times one token: multiply_half twice, in registers. */
@inline
function multiply_block(head: usize, block: usize, x: usize, sums: usize): void {
  const six_bits = low_six_bits();
  const quants = block + scale_bytes(K_SIX_BITS);
  const low_scale = v128.load8x8_s(block), high_scale = v128.load8x8_s(block, 8);
  let start = v128.load32_splat(x, 4);
  let x0 = v128.load32_splat(x, 16), x1 = v128.load32_splat(x, 20), x2 = v128.load32_splat(x, 24), x3 = v128.load32_splat(x, 28);
  let p0 = v128.load(quants), p1 = v128.load(quants, 32), p2 = v128.load(quants, 64);
  let q0 = v128.load(quants, 16), q1 = v128.load(quants, 48), q2 = v128.load(quants, 80);
  let low = packed_dots(start, x0, x1, x2, x3, p0, p1, p2, six_bits, low_scale);
  let high = packed_dots(start, x0, x1, x2, x3, q0, q1, q2, six_bits, high_scale);

  start = v128.load32_splat(x, 8);
  x0 = v128.load32_splat(x, 32); x1 = v128.load32_splat(x, 36); x2 = v128.load32_splat(x, 40); x3 = v128.load32_splat(x, 44);
  p0 = v128.load(quants, 96); p1 = v128.load(quants, 128); p2 = v128.load(quants, 160);
  q0 = v128.load(quants, 112); q1 = v128.load(quants, 144); q2 = v128.load(quants, 176);
  low = i32x4.add(packed_dots(start, x0, x1, x2, x3, p0, p1, p2, six_bits, low_scale), low);
  high = i32x4.add(packed_dots(start, x0, x1, x2, x3, q0, q1, q2, six_bits, high_scale), high);

  const d = v128.load32_splat(x);
  low = add_dot(low, d, v128.load(head), v128.load(sums));
  high = add_dot(high, d, v128.load(head, 16), v128.load(sums, 16));
  v128.store(sums, low);
  v128.store(sums, high, 16);
}

@inline
function packed_dots(
  start: v128, x0: v128, x1: v128, x2: v128, x3: v128, p0: v128, p1: v128, p2: v128, six_bits: v128, scales: v128,
): v128 {
  const fourth = fourth_chunk(p0, p1, p2, six_bits);
  return row_dots(start, x0, x1, x2, x3, v128.and(p0, six_bits), v128.and(p1, six_bits), v128.and(p2, six_bits), fourth, scales);
}

/** Four rows: (start + the dots of four chunks) · scales, as i32. */
@inline
function row_dots(
  start: v128, x0: v128, x1: v128, x2: v128, x3: v128, w0: v128, w1: v128, w2: v128, w3: v128, scales: v128,
): v128 {
  const first = i16x8.add(i16x8.add(start, pairs(x0, w0)), pairs(x1, w1));
  return i32x4.dot_i16x8_s(i16x8.add(i16x8.add(first, pairs(x2, w2)), pairs(x3, w3)), scales);
}

@inline
function pairs(x: v128, weight: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i16x8.relaxed_dot_i8x16_i7x16_s(x, weight);
  return unreachable();
}
