// integer_streams: 4 groups of 8 rows times one token, for every integer layout and kernel set: integer_tile's sums, bit for bit
//
//   sums       f32 [4, 8]
//   group      the first of 4 packed groups, `stride` bytes apart: reading four distant places at once is what makes the
//              bandwidth of memory out of its latency
//   x          one token of prepared activations, a tile of its own
//   names      a, c: dots of rows 0..3 and 4..7 of a stream; A, C: its sums
//   types      L a layout's number, S a kernel set's (statics.ts)

import { add_dot, column_sum, start_high, start_low } from './blocks';
import { even_bytes, low_nibbles, low_six_bits, short_float_bits, two_to_102, two_to_98 } from './constants';
import { even, finish, load_x, load_z, mac, madd, odd } from './ops';
import { high_dots, high_mins, high_rows, high_scales, load_quants, low_mins, low_rows, low_scales } from './operands';
import { has_halves, has_min, head_bytes, is_i16, is_nibbles, is_six_bits, quant_bytes, scale_bytes, subtracts } from './traits';

export function integer_streams<L, S>(group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  const nibbles = low_nibbles(), six_bits = low_six_bits(), evens = even_bytes(), bits = short_float_bits();
  const scale = two_to_102(), high_scale = subtracts<L, S>() ? two_to_98() : scale;
  const zero = i32x4.splat(0);
  const x_step: usize = is_i16<S>() ? 80 : 48;
  const half_x: usize = is_i16<S>() ? 32 : 16;
  const half_quants: usize = is_nibbles<L>() ? 64 : is_six_bits<L>() ? 96 : 128;
  const end = x + <usize>blocks * x_step;
  let w0 = group, w1 = w0 + stride, w2 = w1 + stride, w3 = w2 + stride;
  let A0 = zero, A1 = zero, A2 = zero, A3 = zero, C0 = zero, C1 = zero, C2 = zero, C3 = zero;
  while (x < end) {
    const h0 = w0, h1 = w1, h2 = w2, h3 = w3;
    w0 += head_bytes<L>(); w1 += head_bytes<L>(); w2 += head_bytes<L>(); w3 += head_bytes<L>();
    for (const stop = head_bytes<L>() ? x + 8 * x_step : end; x < stop; x += x_step) {
      let a0 = start_low<L>(x), c0 = start_high<L, S>(x, a0);
      let a1 = a0, a2 = a0, a3 = a0, c1 = c0, c2 = c0, c3 = c0;
      let data = x + 16, at = scale_bytes<L>();
      for (let half: usize = 0; half < 2; half++) {
        let v: v128, z: v128, vector: v128, low: v128, high: v128;
        const q0 = w0 + at, q1 = w1 + at, q2 = w2 + at, q3 = w3 + at;

        v = load_x<S>(data, 0, 0); z = load_z<S>(data, 0, 0, v);
        vector = load_quants<L>(q0, 0); low = low_rows<L>(vector, q0, 0, nibbles, six_bits);
        high = high_rows<L, S>(vector, q0, 0, nibbles, six_bits);
        a0 = mac<S>(a0, v, z, even<S>(low, evens), odd<S>(low)); c0 = mac<S>(c0, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q1, 0); low = low_rows<L>(vector, q1, 0, nibbles, six_bits);
        high = high_rows<L, S>(vector, q1, 0, nibbles, six_bits);
        a1 = mac<S>(a1, v, z, even<S>(low, evens), odd<S>(low)); c1 = mac<S>(c1, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q2, 0); low = low_rows<L>(vector, q2, 0, nibbles, six_bits);
        high = high_rows<L, S>(vector, q2, 0, nibbles, six_bits);
        a2 = mac<S>(a2, v, z, even<S>(low, evens), odd<S>(low)); c2 = mac<S>(c2, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q3, 0); low = low_rows<L>(vector, q3, 0, nibbles, six_bits);
        high = high_rows<L, S>(vector, q3, 0, nibbles, six_bits);
        a3 = mac<S>(a3, v, z, even<S>(low, evens), odd<S>(low)); c3 = mac<S>(c3, v, z, even<S>(high, evens), odd<S>(high));

        v = load_x<S>(data, 0, 1); z = load_z<S>(data, 0, 1, v);
        vector = load_quants<L>(q0, 1); low = low_rows<L>(vector, q0, 1, nibbles, six_bits);
        high = high_rows<L, S>(vector, q0, 1, nibbles, six_bits);
        a0 = mac<S>(a0, v, z, even<S>(low, evens), odd<S>(low)); c0 = mac<S>(c0, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q1, 1); low = low_rows<L>(vector, q1, 1, nibbles, six_bits);
        high = high_rows<L, S>(vector, q1, 1, nibbles, six_bits);
        a1 = mac<S>(a1, v, z, even<S>(low, evens), odd<S>(low)); c1 = mac<S>(c1, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q2, 1); low = low_rows<L>(vector, q2, 1, nibbles, six_bits);
        high = high_rows<L, S>(vector, q2, 1, nibbles, six_bits);
        a2 = mac<S>(a2, v, z, even<S>(low, evens), odd<S>(low)); c2 = mac<S>(c2, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q3, 1); low = low_rows<L>(vector, q3, 1, nibbles, six_bits);
        high = high_rows<L, S>(vector, q3, 1, nibbles, six_bits);
        a3 = mac<S>(a3, v, z, even<S>(low, evens), odd<S>(low)); c3 = mac<S>(c3, v, z, even<S>(high, evens), odd<S>(high));

        v = load_x<S>(data, 0, 2); z = load_z<S>(data, 0, 2, v);
        vector = load_quants<L>(q0, 2); low = low_rows<L>(vector, q0, 2, nibbles, six_bits);
        high = high_rows<L, S>(vector, q0, 2, nibbles, six_bits);
        a0 = mac<S>(a0, v, z, even<S>(low, evens), odd<S>(low)); c0 = mac<S>(c0, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q1, 2); low = low_rows<L>(vector, q1, 2, nibbles, six_bits);
        high = high_rows<L, S>(vector, q1, 2, nibbles, six_bits);
        a1 = mac<S>(a1, v, z, even<S>(low, evens), odd<S>(low)); c1 = mac<S>(c1, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q2, 2); low = low_rows<L>(vector, q2, 2, nibbles, six_bits);
        high = high_rows<L, S>(vector, q2, 2, nibbles, six_bits);
        a2 = mac<S>(a2, v, z, even<S>(low, evens), odd<S>(low)); c2 = mac<S>(c2, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q3, 2); low = low_rows<L>(vector, q3, 2, nibbles, six_bits);
        high = high_rows<L, S>(vector, q3, 2, nibbles, six_bits);
        a3 = mac<S>(a3, v, z, even<S>(low, evens), odd<S>(low)); c3 = mac<S>(c3, v, z, even<S>(high, evens), odd<S>(high));

        v = load_x<S>(data, 0, 3); z = load_z<S>(data, 0, 3, v);
        vector = load_quants<L>(q0, 3); low = low_rows<L>(vector, q0, 3, nibbles, six_bits);
        high = high_rows<L, S>(vector, q0, 3, nibbles, six_bits);
        a0 = mac<S>(a0, v, z, even<S>(low, evens), odd<S>(low)); c0 = mac<S>(c0, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q1, 3); low = low_rows<L>(vector, q1, 3, nibbles, six_bits);
        high = high_rows<L, S>(vector, q1, 3, nibbles, six_bits);
        a1 = mac<S>(a1, v, z, even<S>(low, evens), odd<S>(low)); c1 = mac<S>(c1, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q2, 3); low = low_rows<L>(vector, q2, 3, nibbles, six_bits);
        high = high_rows<L, S>(vector, q2, 3, nibbles, six_bits);
        a2 = mac<S>(a2, v, z, even<S>(low, evens), odd<S>(low)); c2 = mac<S>(c2, v, z, even<S>(high, evens), odd<S>(high));
        vector = load_quants<L>(q3, 3); low = low_rows<L>(vector, q3, 3, nibbles, six_bits);
        high = high_rows<L, S>(vector, q3, 3, nibbles, six_bits);
        a3 = mac<S>(a3, v, z, even<S>(low, evens), odd<S>(low)); c3 = mac<S>(c3, v, z, even<S>(high, evens), odd<S>(high));

        data += half_x;
        at += half_quants;
        if (has_halves<L>()) {
          const d = v128.load32_splat(x), total = column_sum<L>(x, half);
          const s0 = low_scales<L>(h0, w0, half, bits, scale), t0 = high_scales<L>(h0, w0, half, bits, high_scale);
          A0 = madd(low_mins<L>(h0, w0, half, bits, s0), total, add_dot(finish<S>(a0), d, s0, A0));
          C0 = madd(high_mins<L>(h0, w0, half, bits, t0), total, add_dot(finish<S>(high_dots<L, S>(a0, c0)), d, t0, C0));
          const s1 = low_scales<L>(h1, w1, half, bits, scale), t1 = high_scales<L>(h1, w1, half, bits, high_scale);
          A1 = madd(low_mins<L>(h1, w1, half, bits, s1), total, add_dot(finish<S>(a1), d, s1, A1));
          C1 = madd(high_mins<L>(h1, w1, half, bits, t1), total, add_dot(finish<S>(high_dots<L, S>(a1, c1)), d, t1, C1));
          const s2 = low_scales<L>(h2, w2, half, bits, scale), t2 = high_scales<L>(h2, w2, half, bits, high_scale);
          A2 = madd(low_mins<L>(h2, w2, half, bits, s2), total, add_dot(finish<S>(a2), d, s2, A2));
          C2 = madd(high_mins<L>(h2, w2, half, bits, t2), total, add_dot(finish<S>(high_dots<L, S>(a2, c2)), d, t2, C2));
          const s3 = low_scales<L>(h3, w3, half, bits, scale), t3 = high_scales<L>(h3, w3, half, bits, high_scale);
          A3 = madd(low_mins<L>(h3, w3, half, bits, s3), total, add_dot(finish<S>(a3), d, s3, A3));
          C3 = madd(high_mins<L>(h3, w3, half, bits, t3), total, add_dot(finish<S>(high_dots<L, S>(a3, c3)), d, t3, C3));
          a0 = zero; a1 = zero; a2 = zero; a3 = zero; c0 = zero; c1 = zero; c2 = zero; c3 = zero;
        }
      }
      if (!has_halves<L>()) {
        const d = v128.load32_splat(x);
        const s0 = low_scales<L>(h0, w0, 0, bits, scale), t0 = high_scales<L>(h0, w0, 0, bits, high_scale);
        A0 = add_dot(finish<S>(a0), d, s0, A0);
        C0 = add_dot(finish<S>(high_dots<L, S>(a0, c0)), d, t0, C0);
        const s1 = low_scales<L>(h1, w1, 0, bits, scale), t1 = high_scales<L>(h1, w1, 0, bits, high_scale);
        A1 = add_dot(finish<S>(a1), d, s1, A1);
        C1 = add_dot(finish<S>(high_dots<L, S>(a1, c1)), d, t1, C1);
        const s2 = low_scales<L>(h2, w2, 0, bits, scale), t2 = high_scales<L>(h2, w2, 0, bits, high_scale);
        A2 = add_dot(finish<S>(a2), d, s2, A2);
        C2 = add_dot(finish<S>(high_dots<L, S>(a2, c2)), d, t2, C2);
        const s3 = low_scales<L>(h3, w3, 0, bits, scale), t3 = high_scales<L>(h3, w3, 0, bits, high_scale);
        A3 = add_dot(finish<S>(a3), d, s3, A3);
        C3 = add_dot(finish<S>(high_dots<L, S>(a3, c3)), d, t3, C3);
        if (has_min<L>()) {
          const total = column_sum<L>(x, 0);
          A0 = madd(low_mins<L>(h0, w0, 0, bits, s0), total, A0);
          C0 = madd(high_mins<L>(h0, w0, 0, bits, t0), total, C0);
          A1 = madd(low_mins<L>(h1, w1, 0, bits, s1), total, A1);
          C1 = madd(high_mins<L>(h1, w1, 0, bits, t1), total, C1);
          A2 = madd(low_mins<L>(h2, w2, 0, bits, s2), total, A2);
          C2 = madd(high_mins<L>(h2, w2, 0, bits, t2), total, C2);
          A3 = madd(low_mins<L>(h3, w3, 0, bits, s3), total, A3);
          C3 = madd(high_mins<L>(h3, w3, 0, bits, t3), total, C3);
        }
      }
      const step = scale_bytes<L>() + quant_bytes<L>();
      w0 += step; w1 += step; w2 += step; w3 += step;
    }
  }
  v128.store(sums, A0); v128.store(sums, C0, 16);
  v128.store(sums, A1, 32); v128.store(sums, C1, 48);
  v128.store(sums, A2, 64); v128.store(sums, C2, 80);
  v128.store(sums, A3, 96); v128.store(sums, C3, 112);
}
