// integer_streams: 4 groups of 8 rows times one token, for every integer layout and kernel set: integer_tile's sums, bit for bit
//
//   sums       f32 [4, 8]
//   group      the first of 4 packed groups, `stride` bytes apart: reading four distant places at once is what makes the
//              bandwidth of memory out of its latency
//   x          one token of prepared activations, a tile of its own

import { bits_4_and_5, even_bytes, low_nibbles, short_float_bits, two_to_102, two_to_98 } from './constants';
import { has_halves, has_min, head_bytes, quant_bytes, scale_bytes, subtracts } from './layouts';
import { add_dot, column_sum, start_high, start_low } from './blocks';
import { even, finish, load_x, load_z, mac, madd, odd } from './ops';
import {
  high_dots, high_mins, high_rows, high_scales, load_quants, low_mins, low_rows, low_scales,
} from './operands';
import { I16 } from './state';

@inline
export function integer_streams(
  layout: i32, set: i32, group: usize, stride: usize, x: usize, blocks: i32, sums: usize,
): void {
  const nibbles = low_nibbles(), high_bits = bits_4_and_5(), evens = even_bytes(), bits = short_float_bits();
  const scale = two_to_102(), high_scale = subtracts(layout, set) ? two_to_98() : scale;
  const x_step: usize = set == I16 ? 80 : 48;
  const zero = i32x4.splat(0);
  const end = x + <usize>blocks * x_step;
  let w0 = group, w1 = w0 + stride, w2 = w1 + stride, w3 = w2 + stride;
  let A0 = zero, A1 = zero, A2 = zero, A3 = zero, C0 = zero, C1 = zero, C2 = zero, C3 = zero;
  while (x < end) {
    const h0 = w0, h1 = w1, h2 = w2, h3 = w3;
    w0 += head_bytes(layout); w1 += head_bytes(layout); w2 += head_bytes(layout); w3 += head_bytes(layout);
    for (const stop = head_bytes(layout) ? x + 8 * x_step : end; x < stop; x += x_step) {
      let a0 = start_low(layout, 0, x), a1 = a0, a2 = a0, a3 = a0;
      let c0 = start_high(layout, set, 0, x, a0), c1 = c0, c2 = c0, c3 = c0;

      let xv = load_x(set, 1, 0, 0, x), zv = load_z(set, 1, 0, 0, x, xv);
      let q = load_quants(layout, w0, 0), low = low_rows(layout, q, w0, 0, nibbles, high_bits), high = high_rows(layout, set, q, w0, 0, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 0); low = low_rows(layout, q, w1, 0, nibbles, high_bits); high = high_rows(layout, set, q, w1, 0, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 0); low = low_rows(layout, q, w2, 0, nibbles, high_bits); high = high_rows(layout, set, q, w2, 0, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 0); low = low_rows(layout, q, w3, 0, nibbles, high_bits); high = high_rows(layout, set, q, w3, 0, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      xv = load_x(set, 1, 0, 1, x); zv = load_z(set, 1, 0, 1, x, xv);
      q = load_quants(layout, w0, 1); low = low_rows(layout, q, w0, 1, nibbles, high_bits); high = high_rows(layout, set, q, w0, 1, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 1); low = low_rows(layout, q, w1, 1, nibbles, high_bits); high = high_rows(layout, set, q, w1, 1, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 1); low = low_rows(layout, q, w2, 1, nibbles, high_bits); high = high_rows(layout, set, q, w2, 1, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 1); low = low_rows(layout, q, w3, 1, nibbles, high_bits); high = high_rows(layout, set, q, w3, 1, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      xv = load_x(set, 1, 0, 2, x); zv = load_z(set, 1, 0, 2, x, xv);
      q = load_quants(layout, w0, 2); low = low_rows(layout, q, w0, 2, nibbles, high_bits); high = high_rows(layout, set, q, w0, 2, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 2); low = low_rows(layout, q, w1, 2, nibbles, high_bits); high = high_rows(layout, set, q, w1, 2, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 2); low = low_rows(layout, q, w2, 2, nibbles, high_bits); high = high_rows(layout, set, q, w2, 2, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 2); low = low_rows(layout, q, w3, 2, nibbles, high_bits); high = high_rows(layout, set, q, w3, 2, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      xv = load_x(set, 1, 0, 3, x); zv = load_z(set, 1, 0, 3, x, xv);
      q = load_quants(layout, w0, 3); low = low_rows(layout, q, w0, 3, nibbles, high_bits); high = high_rows(layout, set, q, w0, 3, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 3); low = low_rows(layout, q, w1, 3, nibbles, high_bits); high = high_rows(layout, set, q, w1, 3, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 3); low = low_rows(layout, q, w2, 3, nibbles, high_bits); high = high_rows(layout, set, q, w2, 3, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 3); low = low_rows(layout, q, w3, 3, nibbles, high_bits); high = high_rows(layout, set, q, w3, 3, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      if (has_halves(layout)) {
        const total = column_sum(layout, 0, x), d = v128.load32_splat(x);
        const s0 = low_scales(layout, h0, w0, 0, bits, scale), t0 = high_scales(layout, h0, w0, 0, bits, high_scale);
        A0 = madd(low_mins(layout, h0, w0, 0, bits, s0), total, add_dot(finish(set, a0), d, s0, A0));
        C0 = madd(high_mins(layout, h0, w0, 0, bits, t0), total, add_dot(finish(set, high_dots(layout, set, a0, c0)), d, t0, C0));
        const s1 = low_scales(layout, h1, w1, 0, bits, scale), t1 = high_scales(layout, h1, w1, 0, bits, high_scale);
        A1 = madd(low_mins(layout, h1, w1, 0, bits, s1), total, add_dot(finish(set, a1), d, s1, A1));
        C1 = madd(high_mins(layout, h1, w1, 0, bits, t1), total, add_dot(finish(set, high_dots(layout, set, a1, c1)), d, t1, C1));
        const s2 = low_scales(layout, h2, w2, 0, bits, scale), t2 = high_scales(layout, h2, w2, 0, bits, high_scale);
        A2 = madd(low_mins(layout, h2, w2, 0, bits, s2), total, add_dot(finish(set, a2), d, s2, A2));
        C2 = madd(high_mins(layout, h2, w2, 0, bits, t2), total, add_dot(finish(set, high_dots(layout, set, a2, c2)), d, t2, C2));
        const s3 = low_scales(layout, h3, w3, 0, bits, scale), t3 = high_scales(layout, h3, w3, 0, bits, high_scale);
        A3 = madd(low_mins(layout, h3, w3, 0, bits, s3), total, add_dot(finish(set, a3), d, s3, A3));
        C3 = madd(high_mins(layout, h3, w3, 0, bits, t3), total, add_dot(finish(set, high_dots(layout, set, a3, c3)), d, t3, C3));
        a0 = zero; a1 = zero; a2 = zero; a3 = zero; c0 = zero; c1 = zero; c2 = zero; c3 = zero;
      }

      xv = load_x(set, 1, 0, 4, x); zv = load_z(set, 1, 0, 4, x, xv);
      q = load_quants(layout, w0, 4); low = low_rows(layout, q, w0, 4, nibbles, high_bits); high = high_rows(layout, set, q, w0, 4, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 4); low = low_rows(layout, q, w1, 4, nibbles, high_bits); high = high_rows(layout, set, q, w1, 4, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 4); low = low_rows(layout, q, w2, 4, nibbles, high_bits); high = high_rows(layout, set, q, w2, 4, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 4); low = low_rows(layout, q, w3, 4, nibbles, high_bits); high = high_rows(layout, set, q, w3, 4, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      xv = load_x(set, 1, 0, 5, x); zv = load_z(set, 1, 0, 5, x, xv);
      q = load_quants(layout, w0, 5); low = low_rows(layout, q, w0, 5, nibbles, high_bits); high = high_rows(layout, set, q, w0, 5, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 5); low = low_rows(layout, q, w1, 5, nibbles, high_bits); high = high_rows(layout, set, q, w1, 5, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 5); low = low_rows(layout, q, w2, 5, nibbles, high_bits); high = high_rows(layout, set, q, w2, 5, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 5); low = low_rows(layout, q, w3, 5, nibbles, high_bits); high = high_rows(layout, set, q, w3, 5, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      xv = load_x(set, 1, 0, 6, x); zv = load_z(set, 1, 0, 6, x, xv);
      q = load_quants(layout, w0, 6); low = low_rows(layout, q, w0, 6, nibbles, high_bits); high = high_rows(layout, set, q, w0, 6, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 6); low = low_rows(layout, q, w1, 6, nibbles, high_bits); high = high_rows(layout, set, q, w1, 6, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 6); low = low_rows(layout, q, w2, 6, nibbles, high_bits); high = high_rows(layout, set, q, w2, 6, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 6); low = low_rows(layout, q, w3, 6, nibbles, high_bits); high = high_rows(layout, set, q, w3, 6, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      xv = load_x(set, 1, 0, 7, x); zv = load_z(set, 1, 0, 7, x, xv);
      q = load_quants(layout, w0, 7); low = low_rows(layout, q, w0, 7, nibbles, high_bits); high = high_rows(layout, set, q, w0, 7, nibbles, high_bits);
      a0 = mac(set, a0, xv, zv, even(set, low, evens), odd(set, low)); c0 = mac(set, c0, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w1, 7); low = low_rows(layout, q, w1, 7, nibbles, high_bits); high = high_rows(layout, set, q, w1, 7, nibbles, high_bits);
      a1 = mac(set, a1, xv, zv, even(set, low, evens), odd(set, low)); c1 = mac(set, c1, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w2, 7); low = low_rows(layout, q, w2, 7, nibbles, high_bits); high = high_rows(layout, set, q, w2, 7, nibbles, high_bits);
      a2 = mac(set, a2, xv, zv, even(set, low, evens), odd(set, low)); c2 = mac(set, c2, xv, zv, even(set, high, evens), odd(set, high));
      q = load_quants(layout, w3, 7); low = low_rows(layout, q, w3, 7, nibbles, high_bits); high = high_rows(layout, set, q, w3, 7, nibbles, high_bits);
      a3 = mac(set, a3, xv, zv, even(set, low, evens), odd(set, low)); c3 = mac(set, c3, xv, zv, even(set, high, evens), odd(set, high));

      const half: usize = has_halves(layout) ? 1 : 0;
      const d = v128.load32_splat(x);
      const s0 = low_scales(layout, h0, w0, half, bits, scale), t0 = high_scales(layout, h0, w0, half, bits, high_scale);
      A0 = add_dot(finish(set, a0), d, s0, A0);
      C0 = add_dot(finish(set, high_dots(layout, set, a0, c0)), d, t0, C0);
      const s1 = low_scales(layout, h1, w1, half, bits, scale), t1 = high_scales(layout, h1, w1, half, bits, high_scale);
      A1 = add_dot(finish(set, a1), d, s1, A1);
      C1 = add_dot(finish(set, high_dots(layout, set, a1, c1)), d, t1, C1);
      const s2 = low_scales(layout, h2, w2, half, bits, scale), t2 = high_scales(layout, h2, w2, half, bits, high_scale);
      A2 = add_dot(finish(set, a2), d, s2, A2);
      C2 = add_dot(finish(set, high_dots(layout, set, a2, c2)), d, t2, C2);
      const s3 = low_scales(layout, h3, w3, half, bits, scale), t3 = high_scales(layout, h3, w3, half, bits, high_scale);
      A3 = add_dot(finish(set, a3), d, s3, A3);
      C3 = add_dot(finish(set, high_dots(layout, set, a3, c3)), d, t3, C3);
      if (has_min(layout)) {
        const total = column_sum(layout, 1, x);
        A0 = madd(low_mins(layout, h0, w0, half, bits, s0), total, A0);
        C0 = madd(high_mins(layout, h0, w0, half, bits, t0), total, C0);
        A1 = madd(low_mins(layout, h1, w1, half, bits, s1), total, A1);
        C1 = madd(high_mins(layout, h1, w1, half, bits, t1), total, C1);
        A2 = madd(low_mins(layout, h2, w2, half, bits, s2), total, A2);
        C2 = madd(high_mins(layout, h2, w2, half, bits, t2), total, C2);
        A3 = madd(low_mins(layout, h3, w3, half, bits, s3), total, A3);
        C3 = madd(high_mins(layout, h3, w3, half, bits, t3), total, C3);
      }
      const step = scale_bytes(layout) + quant_bytes(layout);
      w0 += step; w1 += step; w2 += step; w3 += step;
    }
  }
  v128.store(sums, A0); v128.store(sums, C0, 16);
  v128.store(sums, A1, 32); v128.store(sums, C1, 48);
  v128.store(sums, A2, 64); v128.store(sums, C2, 80);
  v128.store(sums, A3, 96); v128.store(sums, C3, 112);
}
