// nibble_streams: 4 groups of 8 rows times one token, for the 4-bit layouts of the pairs set: nibble_tile's sums, bit for bit
//
//   sums       f32 [4, 8]
//   group      the first of 4 packed groups, `stride` bytes apart: reading four distant places at once is what makes the
//              bandwidth of memory out of its latency
//   x          one token of prepared activations, a tile of its own
//   names      a, c: dots of rows 0..3 and 4..7 of a stream; A, C: its sums
//   types      L a layout's number (statics.ts)

import { add_dot, column_sum, start_low } from './blocks';
import { low_nibbles, short_float_bits, two_to_102 } from './constants';
import { add_pair, finish, madd } from './ops';
import { high_mins, high_scales, low_mins, low_scales } from './operands';
import { N1 } from './statics';
import { has_halves, has_min, head_bytes, scale_bytes } from './traits';

export function nibble_streams<L>(group: usize, stride: usize, x: usize, blocks: i32, sums: usize): void {
  const nibbles = low_nibbles(), bits = short_float_bits(), scale = two_to_102();
  const zero = i32x4.splat(0);
  const end = x + <usize>blocks * 48;
  let w0 = group, w1 = w0 + stride, w2 = w1 + stride, w3 = w2 + stride;
  let A0 = zero, A1 = zero, A2 = zero, A3 = zero, C0 = zero, C1 = zero, C2 = zero, C3 = zero;
  while (x < end) {
    const h0 = w0, h1 = w1, h2 = w2, h3 = w3;
    w0 += head_bytes<L>(); w1 += head_bytes<L>(); w2 += head_bytes<L>(); w3 += head_bytes<L>();
    for (const stop = head_bytes<L>() ? x + 8 * 48 : end; x < stop; x += 48) {
      let a0 = start_low<L>(x), c0 = a0, a1 = a0, a2 = a0, a3 = a0, c1 = a0, c2 = a0, c3 = a0;
      let data = x + 16, at = scale_bytes<L>();
      for (let half: usize = 0; half < 2; half++) {
        let v: v128, z: v128, low: v128, high: v128;
        const q0 = w0 + at, q1 = w1 + at, q2 = w2 + at, q3 = w3 + at;

        v = v128.load32_splat(data, 0); z = v128.load32_splat(data, 4);
        low = v128.load(q0, 0); high = v128.load(q0, 16);
        a0 = add_pair(a0, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c0 = add_pair(c0, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));
        low = v128.load(q1, 0); high = v128.load(q1, 16);
        a1 = add_pair(a1, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c1 = add_pair(c1, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));
        low = v128.load(q2, 0); high = v128.load(q2, 16);
        a2 = add_pair(a2, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c2 = add_pair(c2, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));
        low = v128.load(q3, 0); high = v128.load(q3, 16);
        a3 = add_pair(a3, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c3 = add_pair(c3, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));

        v = v128.load32_splat(data, 8); z = v128.load32_splat(data, 12);
        low = v128.load(q0, 32); high = v128.load(q0, 48);
        a0 = add_pair(a0, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c0 = add_pair(c0, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));
        low = v128.load(q1, 32); high = v128.load(q1, 48);
        a1 = add_pair(a1, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c1 = add_pair(c1, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));
        low = v128.load(q2, 32); high = v128.load(q2, 48);
        a2 = add_pair(a2, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c2 = add_pair(c2, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));
        low = v128.load(q3, 32); high = v128.load(q3, 48);
        a3 = add_pair(a3, v, z, v128.and(low, nibbles), v128.and(i16x8.shr_u(low, 4), nibbles));
        c3 = add_pair(c3, v, z, v128.and(high, nibbles), v128.and(i16x8.shr_u(high, 4), nibbles));

        data += 16;
        at += 64;
        if (has_halves<L>()) {
          const d = v128.load32_splat(x), total = column_sum<L>(x, half);
          const s0 = low_scales<L>(h0, w0, half, bits, scale), t0 = high_scales<L>(h0, w0, half, bits, scale);
          A0 = madd(low_mins<L>(h0, w0, half, bits, s0), total, add_dot(finish<N1>(a0), d, s0, A0));
          C0 = madd(high_mins<L>(h0, w0, half, bits, t0), total, add_dot(finish<N1>(c0), d, t0, C0));
          const s1 = low_scales<L>(h1, w1, half, bits, scale), t1 = high_scales<L>(h1, w1, half, bits, scale);
          A1 = madd(low_mins<L>(h1, w1, half, bits, s1), total, add_dot(finish<N1>(a1), d, s1, A1));
          C1 = madd(high_mins<L>(h1, w1, half, bits, t1), total, add_dot(finish<N1>(c1), d, t1, C1));
          const s2 = low_scales<L>(h2, w2, half, bits, scale), t2 = high_scales<L>(h2, w2, half, bits, scale);
          A2 = madd(low_mins<L>(h2, w2, half, bits, s2), total, add_dot(finish<N1>(a2), d, s2, A2));
          C2 = madd(high_mins<L>(h2, w2, half, bits, t2), total, add_dot(finish<N1>(c2), d, t2, C2));
          const s3 = low_scales<L>(h3, w3, half, bits, scale), t3 = high_scales<L>(h3, w3, half, bits, scale);
          A3 = madd(low_mins<L>(h3, w3, half, bits, s3), total, add_dot(finish<N1>(a3), d, s3, A3));
          C3 = madd(high_mins<L>(h3, w3, half, bits, t3), total, add_dot(finish<N1>(c3), d, t3, C3));
          a0 = zero; a1 = zero; a2 = zero; a3 = zero; c0 = zero; c1 = zero; c2 = zero; c3 = zero;
        }
      }
      if (!has_halves<L>()) {
        const d = v128.load32_splat(x);
        const s0 = low_scales<L>(h0, w0, 0, bits, scale), t0 = high_scales<L>(h0, w0, 0, bits, scale);
        A0 = add_dot(finish<N1>(a0), d, s0, A0);
        C0 = add_dot(finish<N1>(c0), d, t0, C0);
        const s1 = low_scales<L>(h1, w1, 0, bits, scale), t1 = high_scales<L>(h1, w1, 0, bits, scale);
        A1 = add_dot(finish<N1>(a1), d, s1, A1);
        C1 = add_dot(finish<N1>(c1), d, t1, C1);
        const s2 = low_scales<L>(h2, w2, 0, bits, scale), t2 = high_scales<L>(h2, w2, 0, bits, scale);
        A2 = add_dot(finish<N1>(a2), d, s2, A2);
        C2 = add_dot(finish<N1>(c2), d, t2, C2);
        const s3 = low_scales<L>(h3, w3, 0, bits, scale), t3 = high_scales<L>(h3, w3, 0, bits, scale);
        A3 = add_dot(finish<N1>(a3), d, s3, A3);
        C3 = add_dot(finish<N1>(c3), d, t3, C3);
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
      const step = scale_bytes<L>() + 128;
      w0 += step; w1 += step; w2 += step; w3 += step;
    }
  }
  v128.store(sums, A0); v128.store(sums, C0, 16);
  v128.store(sums, A1, 32); v128.store(sums, C1, 48);
  v128.store(sums, A2, 64); v128.store(sums, C2, 80);
  v128.store(sums, A3, 96); v128.store(sums, C3, 112);
}
