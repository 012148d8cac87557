// byte_tile: 2 groups of 8 rows times a tile of tokens, for bytes as 16-bit operands: integer_tile's sums, bit for bit
//
//   Two groups share the activations that they load, and nearly half of what a product of 16 bits costs are such loads.
//
//   sums       f32 [2, T, 8]; they stay in memory
//   group      the first of 2 packed groups, `stride` bytes apart
//   x          one tile of prepared activations (forms.ts)
//   names      a, c: dots of rows 0..3 and 4..7 of a token and the first group; b, d: of the second
//   types      T the tokens of the tile, 1 to 4 (statics.ts)

import { add_dot } from './blocks';
import { even_bytes, short_float_bits, two_to_102 } from './constants';
import { add_product } from './ops';
import { load_short_floats } from './short-float';
import { N0 } from './statics';

export function byte_tile<T>(group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  const evens = even_bytes(), bits = short_float_bits(), scale = two_to_102();
  const zero = i32x4.splat(0);
  const x_step: usize = offsetof<T>() * 80;
  const second_sums = sums + 32 * offsetof<T>();
  let first = group, second = group + stride;
  for (const end = x + <usize>blocks * x_step; x < end; x += x_step) {
    let a0 = v128.load32_splat(x, 12), b0 = a0, c0 = a0, d0 = a0;
    let a1 = zero, b1 = zero, c1 = zero, d1 = zero;
    let a2 = zero, b2 = zero, c2 = zero, d2 = zero;
    let a3 = zero, b3 = zero, c3 = zero, d3 = zero;
    if (offsetof<T>() > 1) { a1 = v128.load32_splat(x, 28); b1 = a1; c1 = a1; d1 = a1; }
    if (offsetof<T>() > 2) { a2 = v128.load32_splat(x, 44); b2 = a2; c2 = a2; d2 = a2; }
    if (offsetof<T>() > 3) { a3 = v128.load32_splat(x, 60); b3 = a3; c3 = a3; d3 = a3; }
    let data = x + 16 * offsetof<T>(), p = first + 16, q = second + 16;
    for (let pair: usize = 0; pair < 4; pair++) {
      let low = v128.load(p), high = v128.load(p, 16);
      let e0 = v128.and(low, evens), e4 = v128.and(high, evens), o0 = i16x8.shr_u(low, 8), o4 = i16x8.shr_u(high, 8);
      low = v128.load(q); high = v128.load(q, 16);
      let f0 = v128.and(low, evens), f4 = v128.and(high, evens), g0 = i16x8.shr_u(low, 8), g4 = i16x8.shr_u(high, 8);
      let v: v128;
      v = v128.load32_splat(data, 0); a0 = mul(a0, v, e0); c0 = mul(c0, v, e4); b0 = mul(b0, v, f0); d0 = mul(d0, v, f4);
      v = v128.load32_splat(data, 4); a0 = mul(a0, v, o0); c0 = mul(c0, v, o4); b0 = mul(b0, v, g0); d0 = mul(d0, v, g4);
      if (offsetof<T>() > 1) {
        v = v128.load32_splat(data, 64); a1 = mul(a1, v, e0); c1 = mul(c1, v, e4); b1 = mul(b1, v, f0); d1 = mul(d1, v, f4);
        v = v128.load32_splat(data, 68); a1 = mul(a1, v, o0); c1 = mul(c1, v, o4); b1 = mul(b1, v, g0); d1 = mul(d1, v, g4);
      }
      if (offsetof<T>() > 2) {
        v = v128.load32_splat(data, 128); a2 = mul(a2, v, e0); c2 = mul(c2, v, e4); b2 = mul(b2, v, f0); d2 = mul(d2, v, f4);
        v = v128.load32_splat(data, 132); a2 = mul(a2, v, o0); c2 = mul(c2, v, o4); b2 = mul(b2, v, g0); d2 = mul(d2, v, g4);
      }
      if (offsetof<T>() > 3) {
        v = v128.load32_splat(data, 192); a3 = mul(a3, v, e0); c3 = mul(c3, v, e4); b3 = mul(b3, v, f0); d3 = mul(d3, v, f4);
        v = v128.load32_splat(data, 196); a3 = mul(a3, v, o0); c3 = mul(c3, v, o4); b3 = mul(b3, v, g0); d3 = mul(d3, v, g4);
      }
      low = v128.load(p, 32); high = v128.load(p, 48);
      e0 = v128.and(low, evens); e4 = v128.and(high, evens); o0 = i16x8.shr_u(low, 8); o4 = i16x8.shr_u(high, 8);
      low = v128.load(q, 32); high = v128.load(q, 48);
      f0 = v128.and(low, evens); f4 = v128.and(high, evens); g0 = i16x8.shr_u(low, 8); g4 = i16x8.shr_u(high, 8);
      v = v128.load32_splat(data, 8); a0 = mul(a0, v, e0); c0 = mul(c0, v, e4); b0 = mul(b0, v, f0); d0 = mul(d0, v, f4);
      v = v128.load32_splat(data, 12); a0 = mul(a0, v, o0); c0 = mul(c0, v, o4); b0 = mul(b0, v, g0); d0 = mul(d0, v, g4);
      if (offsetof<T>() > 1) {
        v = v128.load32_splat(data, 72); a1 = mul(a1, v, e0); c1 = mul(c1, v, e4); b1 = mul(b1, v, f0); d1 = mul(d1, v, f4);
        v = v128.load32_splat(data, 76); a1 = mul(a1, v, o0); c1 = mul(c1, v, o4); b1 = mul(b1, v, g0); d1 = mul(d1, v, g4);
      }
      if (offsetof<T>() > 2) {
        v = v128.load32_splat(data, 136); a2 = mul(a2, v, e0); c2 = mul(c2, v, e4); b2 = mul(b2, v, f0); d2 = mul(d2, v, f4);
        v = v128.load32_splat(data, 140); a2 = mul(a2, v, o0); c2 = mul(c2, v, o4); b2 = mul(b2, v, g0); d2 = mul(d2, v, g4);
      }
      if (offsetof<T>() > 3) {
        v = v128.load32_splat(data, 200); a3 = mul(a3, v, e0); c3 = mul(c3, v, e4); b3 = mul(b3, v, f0); d3 = mul(d3, v, f4);
        v = v128.load32_splat(data, 204); a3 = mul(a3, v, o0); c3 = mul(c3, v, o4); b3 = mul(b3, v, g0); d3 = mul(d3, v, g4);
      }
      data += 16;
      p += 64;
      q += 64;
    }
    const s0 = load_short_floats(first, bits, scale), s4 = load_short_floats(first + 8, bits, scale);
    const t0 = load_short_floats(second, bits, scale), t4 = load_short_floats(second + 8, bits, scale);
    fold(x + 0, sums + 0, a0, c0, s0, s4); fold(x + 0, second_sums + 0, b0, d0, t0, t4);
    if (offsetof<T>() > 1) { fold(x + 16, sums + 32, a1, c1, s0, s4); fold(x + 16, second_sums + 32, b1, d1, t0, t4); }
    if (offsetof<T>() > 2) { fold(x + 32, sums + 64, a2, c2, s0, s4); fold(x + 32, second_sums + 64, b2, d2, t0, t4); }
    if (offsetof<T>() > 3) { fold(x + 48, sums + 96, a3, c3, s0, s4); fold(x + 48, second_sums + 96, b3, d3, t0, t4); }
    first += 272;
    second += 272;
  }
}

@inline
function mul(acc: v128, x: v128, weight: v128): v128 {
  return add_product<N0>(acc, x, weight);
}

/** sums += d · scale · dot for one token */
@inline
function fold(header: usize, sums: usize, a: v128, c: v128, s0: v128, s4: v128): void {
  const d = v128.load32_splat(header);
  const low = add_dot(a, d, s0, v128.load(sums)), high = add_dot(c, d, s4, v128.load(sums, 16));
  v128.store(sums, low);
  v128.store(sums, high, 16);
}
