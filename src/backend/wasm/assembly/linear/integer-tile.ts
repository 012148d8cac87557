// integer_tile: 8 rows times a tile of tokens for every integer layout and kernel set, straight from packed weights
//
//   sums[t, r] += sum over blocks of d[t] · scale[r] · dot(weight[r], x[t]) (+ d[t] · sum(x[t]) · min[r])
//
//   sums       f32 [T, 8]; they stay in memory, for there are too few vector registers for them beside the dots
//   group      one packed group (layouts.ts)
//   x          one tile of prepared activations (forms.ts)
//   blocks     some whole blocks of 32 columns; 8 for K-quants
//   overflow   |i8| <= 127 and 32 columns: bytes and nibbles taken whole 32 · 255 · 127 = 1.04e6, which f32 holds exactly;
//              |i16| <= 127 · 256: 2.7e8. An i32 lane holds 2.1e9. Six bits are less.
//   order      one product and one fused sum for each block (each half block), ascending; the same in integer_streams
//   names      a, c: dots of rows 0..3 and 4..7 of a token; e0, o0: even and odd columns of rows 0..3; e4, o4: of rows 4..7
//   types      L a layout's number, S a kernel set's, T the tokens of the tile (statics.ts)

import { fold, start_high, start_low } from './blocks';
import { even_bytes, low_nibbles, low_six_bits, short_float_bits, two_to_102, two_to_98 } from './constants';
import { even, load_x, load_z, mac, odd } from './ops';
import { high_dots, high_mins, high_rows, high_scales, load_quants, low_mins, low_rows, low_scales } from './operands';
import { has_halves, has_min, head_bytes, is_i16, is_nibbles, is_six_bits, quant_bytes, scale_bytes, subtracts } from './traits';

export function integer_tile<L, S, T>(group: usize, x: usize, blocks: i32, sums: usize): void {
  const nibbles = low_nibbles(), six_bits = low_six_bits(), evens = even_bytes(), bits = short_float_bits();
  const scale = two_to_102(), high_scale = subtracts<L, S>() ? two_to_98() : scale;
  const zero = i32x4.splat(0);
  const x_step: usize = offsetof<T>() * (is_i16<S>() ? 80 : 48);
  const half_x: usize = is_i16<S>() ? 32 : 16;
  const half_quants: usize = is_nibbles<L>() ? 64 : is_six_bits<L>() ? 96 : 128;
  const end = x + <usize>blocks * x_step;
  let head = group, block = group;
  while (x < end) {
    head = block;
    block += head_bytes<L>();
    for (const stop = head_bytes<L>() ? x + 8 * x_step : end; x < stop; x += x_step) {
      let a0 = start_low<L>(x), c0 = start_high<L, S>(x, a0);
      let a1 = zero, a2 = zero, a3 = zero, a4 = zero, a5 = zero, c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero;
      if (offsetof<T>() > 1) { a1 = start_low<L>(x + 16); c1 = start_high<L, S>(x + 16, a1); }
      if (offsetof<T>() > 2) { a2 = start_low<L>(x + 32); c2 = start_high<L, S>(x + 32, a2); }
      if (offsetof<T>() > 3) { a3 = start_low<L>(x + 48); c3 = start_high<L, S>(x + 48, a3); }
      if (offsetof<T>() > 4) { a4 = start_low<L>(x + 64); c4 = start_high<L, S>(x + 64, a4); }
      if (offsetof<T>() > 5) { a5 = start_low<L>(x + 80); c5 = start_high<L, S>(x + 80, a5); }
      let data = x + 16 * offsetof<T>(), quants = block + scale_bytes<L>();
      for (let half: usize = 0; half < 2; half++) {
        let v: v128, z: v128;

        let vector = load_quants<L>(quants, 0);
        let low = low_rows<L>(vector, quants, 0, nibbles, six_bits);
        let high = high_rows<L, S>(vector, quants, 0, nibbles, six_bits);
        let e0 = even<S>(low, evens), o0 = odd<S>(low), e4 = even<S>(high, evens), o4 = odd<S>(high);
        v = load_x<S>(data, 0, 0); z = load_z<S>(data, 0, 0, v); a0 = mac<S>(a0, v, z, e0, o0); c0 = mac<S>(c0, v, z, e4, o4);
        if (offsetof<T>() > 1) { v = load_x<S>(data, 1, 0); z = load_z<S>(data, 1, 0, v); a1 = mac<S>(a1, v, z, e0, o0); c1 = mac<S>(c1, v, z, e4, o4); }
        if (offsetof<T>() > 2) { v = load_x<S>(data, 2, 0); z = load_z<S>(data, 2, 0, v); a2 = mac<S>(a2, v, z, e0, o0); c2 = mac<S>(c2, v, z, e4, o4); }
        if (offsetof<T>() > 3) { v = load_x<S>(data, 3, 0); z = load_z<S>(data, 3, 0, v); a3 = mac<S>(a3, v, z, e0, o0); c3 = mac<S>(c3, v, z, e4, o4); }
        if (offsetof<T>() > 4) { v = load_x<S>(data, 4, 0); z = load_z<S>(data, 4, 0, v); a4 = mac<S>(a4, v, z, e0, o0); c4 = mac<S>(c4, v, z, e4, o4); }
        if (offsetof<T>() > 5) { v = load_x<S>(data, 5, 0); z = load_z<S>(data, 5, 0, v); a5 = mac<S>(a5, v, z, e0, o0); c5 = mac<S>(c5, v, z, e4, o4); }

        vector = load_quants<L>(quants, 1);
        low = low_rows<L>(vector, quants, 1, nibbles, six_bits);
        high = high_rows<L, S>(vector, quants, 1, nibbles, six_bits);
        e0 = even<S>(low, evens); o0 = odd<S>(low); e4 = even<S>(high, evens); o4 = odd<S>(high);
        v = load_x<S>(data, 0, 1); z = load_z<S>(data, 0, 1, v); a0 = mac<S>(a0, v, z, e0, o0); c0 = mac<S>(c0, v, z, e4, o4);
        if (offsetof<T>() > 1) { v = load_x<S>(data, 1, 1); z = load_z<S>(data, 1, 1, v); a1 = mac<S>(a1, v, z, e0, o0); c1 = mac<S>(c1, v, z, e4, o4); }
        if (offsetof<T>() > 2) { v = load_x<S>(data, 2, 1); z = load_z<S>(data, 2, 1, v); a2 = mac<S>(a2, v, z, e0, o0); c2 = mac<S>(c2, v, z, e4, o4); }
        if (offsetof<T>() > 3) { v = load_x<S>(data, 3, 1); z = load_z<S>(data, 3, 1, v); a3 = mac<S>(a3, v, z, e0, o0); c3 = mac<S>(c3, v, z, e4, o4); }
        if (offsetof<T>() > 4) { v = load_x<S>(data, 4, 1); z = load_z<S>(data, 4, 1, v); a4 = mac<S>(a4, v, z, e0, o0); c4 = mac<S>(c4, v, z, e4, o4); }
        if (offsetof<T>() > 5) { v = load_x<S>(data, 5, 1); z = load_z<S>(data, 5, 1, v); a5 = mac<S>(a5, v, z, e0, o0); c5 = mac<S>(c5, v, z, e4, o4); }

        vector = load_quants<L>(quants, 2);
        low = low_rows<L>(vector, quants, 2, nibbles, six_bits);
        high = high_rows<L, S>(vector, quants, 2, nibbles, six_bits);
        e0 = even<S>(low, evens); o0 = odd<S>(low); e4 = even<S>(high, evens); o4 = odd<S>(high);
        v = load_x<S>(data, 0, 2); z = load_z<S>(data, 0, 2, v); a0 = mac<S>(a0, v, z, e0, o0); c0 = mac<S>(c0, v, z, e4, o4);
        if (offsetof<T>() > 1) { v = load_x<S>(data, 1, 2); z = load_z<S>(data, 1, 2, v); a1 = mac<S>(a1, v, z, e0, o0); c1 = mac<S>(c1, v, z, e4, o4); }
        if (offsetof<T>() > 2) { v = load_x<S>(data, 2, 2); z = load_z<S>(data, 2, 2, v); a2 = mac<S>(a2, v, z, e0, o0); c2 = mac<S>(c2, v, z, e4, o4); }
        if (offsetof<T>() > 3) { v = load_x<S>(data, 3, 2); z = load_z<S>(data, 3, 2, v); a3 = mac<S>(a3, v, z, e0, o0); c3 = mac<S>(c3, v, z, e4, o4); }
        if (offsetof<T>() > 4) { v = load_x<S>(data, 4, 2); z = load_z<S>(data, 4, 2, v); a4 = mac<S>(a4, v, z, e0, o0); c4 = mac<S>(c4, v, z, e4, o4); }
        if (offsetof<T>() > 5) { v = load_x<S>(data, 5, 2); z = load_z<S>(data, 5, 2, v); a5 = mac<S>(a5, v, z, e0, o0); c5 = mac<S>(c5, v, z, e4, o4); }

        vector = load_quants<L>(quants, 3);
        low = low_rows<L>(vector, quants, 3, nibbles, six_bits);
        high = high_rows<L, S>(vector, quants, 3, nibbles, six_bits);
        e0 = even<S>(low, evens); o0 = odd<S>(low); e4 = even<S>(high, evens); o4 = odd<S>(high);
        v = load_x<S>(data, 0, 3); z = load_z<S>(data, 0, 3, v); a0 = mac<S>(a0, v, z, e0, o0); c0 = mac<S>(c0, v, z, e4, o4);
        if (offsetof<T>() > 1) { v = load_x<S>(data, 1, 3); z = load_z<S>(data, 1, 3, v); a1 = mac<S>(a1, v, z, e0, o0); c1 = mac<S>(c1, v, z, e4, o4); }
        if (offsetof<T>() > 2) { v = load_x<S>(data, 2, 3); z = load_z<S>(data, 2, 3, v); a2 = mac<S>(a2, v, z, e0, o0); c2 = mac<S>(c2, v, z, e4, o4); }
        if (offsetof<T>() > 3) { v = load_x<S>(data, 3, 3); z = load_z<S>(data, 3, 3, v); a3 = mac<S>(a3, v, z, e0, o0); c3 = mac<S>(c3, v, z, e4, o4); }
        if (offsetof<T>() > 4) { v = load_x<S>(data, 4, 3); z = load_z<S>(data, 4, 3, v); a4 = mac<S>(a4, v, z, e0, o0); c4 = mac<S>(c4, v, z, e4, o4); }
        if (offsetof<T>() > 5) { v = load_x<S>(data, 5, 3); z = load_z<S>(data, 5, 3, v); a5 = mac<S>(a5, v, z, e0, o0); c5 = mac<S>(c5, v, z, e4, o4); }

        data += half_x;
        quants += half_quants;
          if (has_halves<L>()) {
          const s0 = low_scales<L>(head, block, half, bits, scale), s1 = high_scales<L>(head, block, half, bits, high_scale);
          const m0 = low_mins<L>(head, block, half, bits, s0), m1 = high_mins<L>(head, block, half, bits, s1);
          fold<L, S>(x + 0, half, sums + 0, a0, high_dots<L, S>(a0, c0), s0, s1, m0, m1); a0 = zero; c0 = zero;
          if (offsetof<T>() > 1) { fold<L, S>(x + 16, half, sums + 32, a1, high_dots<L, S>(a1, c1), s0, s1, m0, m1); a1 = zero; c1 = zero; }
          if (offsetof<T>() > 2) { fold<L, S>(x + 32, half, sums + 64, a2, high_dots<L, S>(a2, c2), s0, s1, m0, m1); a2 = zero; c2 = zero; }
          if (offsetof<T>() > 3) { fold<L, S>(x + 48, half, sums + 96, a3, high_dots<L, S>(a3, c3), s0, s1, m0, m1); a3 = zero; c3 = zero; }
          if (offsetof<T>() > 4) { fold<L, S>(x + 64, half, sums + 128, a4, high_dots<L, S>(a4, c4), s0, s1, m0, m1); a4 = zero; c4 = zero; }
          if (offsetof<T>() > 5) { fold<L, S>(x + 80, half, sums + 160, a5, high_dots<L, S>(a5, c5), s0, s1, m0, m1); a5 = zero; c5 = zero; }
        }
      }
      if (!has_halves<L>()) {
        const s0 = low_scales<L>(head, block, 0, bits, scale), s1 = high_scales<L>(head, block, 0, bits, high_scale);
        const m0 = has_min<L>() ? low_mins<L>(head, block, 0, bits, s0) : zero;
        const m1 = has_min<L>() ? high_mins<L>(head, block, 0, bits, s1) : zero;
        fold<L, S>(x + 0, 0, sums + 0, a0, high_dots<L, S>(a0, c0), s0, s1, m0, m1);
        if (offsetof<T>() > 1) { fold<L, S>(x + 16, 0, sums + 32, a1, high_dots<L, S>(a1, c1), s0, s1, m0, m1); }
        if (offsetof<T>() > 2) { fold<L, S>(x + 32, 0, sums + 64, a2, high_dots<L, S>(a2, c2), s0, s1, m0, m1); }
        if (offsetof<T>() > 3) { fold<L, S>(x + 48, 0, sums + 96, a3, high_dots<L, S>(a3, c3), s0, s1, m0, m1); }
        if (offsetof<T>() > 4) { fold<L, S>(x + 64, 0, sums + 128, a4, high_dots<L, S>(a4, c4), s0, s1, m0, m1); }
        if (offsetof<T>() > 5) { fold<L, S>(x + 80, 0, sums + 160, a5, high_dots<L, S>(a5, c5), s0, s1, m0, m1); }
      }
      block += scale_bytes<L>() + quant_bytes<L>();
    }
  }
}
