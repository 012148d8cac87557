// float_tile, float_streams: products of float weights with float activations, nothing quantised
//
//   sums[t, r] += sum over columns of weight[r, c] · x[t, c], one fused sum for each column, ascending
//
//   weight     f32, short float or bfloat16, for every column its 8 rows; all three become f32 exactly
//   x          f32, for every column its T tokens
//   sums       f32 [T, 8] of a tile, [4, 8] of four streams
//   types      L a layout's number, T the tokens of the tile (statics.ts)

import { short_float_bits, two_to_102 } from './constants';
import { BF16_COLUMNS, F32_COLUMNS } from './layouts';
import { madd } from './ops';
import { load_short_floats } from './short-float';

/** Four rows of one column. */
@inline
function load_rows<L>(at: usize, bits: v128, scale: v128): v128 {
  if (offsetof<L>() == F32_COLUMNS) return v128.load(at);
  if (offsetof<L>() == BF16_COLUMNS) return i32x4.shl(v128.load16x4_u(at), 16);
  return load_short_floats(at, bits, scale);
}

/** Columns of a group as f32. */
export function unpack_floats<L>(group: usize, columns: i32, out: usize): void {
  const bits = short_float_bits(), scale = two_to_102();
  for (const end = group + (<usize>columns << 4); group < end; group += 16) {
    v128.store(out, load_rows<L>(group, bits, scale));
    v128.store(out, load_rows<L>(group + 8, bits, scale), 16);
    out += 32;
  }
}

export function float_tile<L, T>(group: usize, x: usize, columns: i32, sums: usize): void {
  const bits = short_float_bits(), scale = two_to_102();
  const half: usize = offsetof<L>() == F32_COLUMNS ? 16 : 8;
  let a0 = v128.load(sums), c0 = v128.load(sums, 16), a1 = a0, a2 = a0, a3 = a0, a4 = a0, c1 = c0, c2 = c0, c3 = c0, c4 = c0;
  if (offsetof<T>() > 1) { a1 = v128.load(sums, 32); c1 = v128.load(sums, 48); }
  if (offsetof<T>() > 2) { a2 = v128.load(sums, 64); c2 = v128.load(sums, 80); }
  if (offsetof<T>() > 3) { a3 = v128.load(sums, 96); c3 = v128.load(sums, 112); }
  if (offsetof<T>() > 4) { a4 = v128.load(sums, 128); c4 = v128.load(sums, 144); }
  for (const end = x + (<usize>columns * offsetof<T>() << 2); x < end; x += 4 * offsetof<T>()) {
    const low = load_rows<L>(group, bits, scale), high = load_rows<L>(group + half, bits, scale);
    let v = v128.load32_splat(x); a0 = madd(low, v, a0); c0 = madd(high, v, c0);
    if (offsetof<T>() > 1) { v = v128.load32_splat(x, 4); a1 = madd(low, v, a1); c1 = madd(high, v, c1); }
    if (offsetof<T>() > 2) { v = v128.load32_splat(x, 8); a2 = madd(low, v, a2); c2 = madd(high, v, c2); }
    if (offsetof<T>() > 3) { v = v128.load32_splat(x, 12); a3 = madd(low, v, a3); c3 = madd(high, v, c3); }
    if (offsetof<T>() > 4) { v = v128.load32_splat(x, 16); a4 = madd(low, v, a4); c4 = madd(high, v, c4); }
    group += 2 * half;
  }
  v128.store(sums, a0); v128.store(sums, c0, 16);
  if (offsetof<T>() > 1) { v128.store(sums, a1, 32); v128.store(sums, c1, 48); }
  if (offsetof<T>() > 2) { v128.store(sums, a2, 64); v128.store(sums, c2, 80); }
  if (offsetof<T>() > 3) { v128.store(sums, a3, 96); v128.store(sums, c3, 112); }
  if (offsetof<T>() > 4) { v128.store(sums, a4, 128); v128.store(sums, c4, 144); }
}

/** sums = the products of four groups, `stride` bytes apart, with one token. */
export function float_streams<L>(group: usize, stride: usize, x: usize, columns: i32, sums: usize): void {
  const bits = short_float_bits(), scale = two_to_102();
  const half: usize = offsetof<L>() == F32_COLUMNS ? 16 : 8;
  let w0 = group, w1 = w0 + stride, w2 = w1 + stride, w3 = w2 + stride;
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
  for (const end = x + (<usize>columns << 2); x < end; x += 4) {
    const v = v128.load32_splat(x);
    a0 = madd(load_rows<L>(w0, bits, scale), v, a0); c0 = madd(load_rows<L>(w0 + half, bits, scale), v, c0);
    a1 = madd(load_rows<L>(w1, bits, scale), v, a1); c1 = madd(load_rows<L>(w1 + half, bits, scale), v, c1);
    a2 = madd(load_rows<L>(w2, bits, scale), v, a2); c2 = madd(load_rows<L>(w2 + half, bits, scale), v, c2);
    a3 = madd(load_rows<L>(w3, bits, scale), v, a3); c3 = madd(load_rows<L>(w3 + half, bits, scale), v, c3);
    w0 += 2 * half; w1 += 2 * half; w2 += 2 * half; w3 += 2 * half;
  }
  v128.store(sums, a0); v128.store(sums, c0, 16);
  v128.store(sums, a1, 32); v128.store(sums, c1, 48);
  v128.store(sums, a2, 64); v128.store(sums, c2, 80);
  v128.store(sums, a3, 96); v128.store(sums, c3, 112);
}
