// nibble_tile: 8 rows times a tile of tokens for the 4-bit layouts of the pairs set, straight from packed weights
//
//   sums[t, r] += sum over blocks of d[t] · scale[r] · dot(weight[r], x[t]) (+ d[t] · sum(x[t]) · min[r])
//
//   sums       f32 [T, 8]; they stay in memory, for there are too few vector registers for them beside the dots
//   group      one packed group (layouts.ts)
//   x          one tile of prepared activations (forms.ts)
//   blocks     some whole blocks of 32 columns; 8 for K-quants
//   order      one product and one fused sum for each block (each half block), ascending; the same in nibble_streams
//   names      a, c: dots of rows 0..3 and 4..7 of a token; e, o: the even and the odd chunk of a vector
//   wide       what rows 0..3 and rows 4..7 go through is the same, in the same order, from places side by side: so the
//              engine can fuse the two
//   types      L a layout's number, T the tokens of the tile (statics.ts)

import { fold, start_low } from './blocks';
import { low_nibbles, short_float_bits, two_to_102 } from './constants';
import { add_pair } from './ops';
import { high_mins, high_scales, low_mins, low_scales } from './operands';
import { N1 } from './statics';
import { has_halves, has_min, head_bytes, scale_bytes } from './traits';

export function nibble_tile<L, T>(group: usize, x: usize, blocks: i32, sums: usize): void {
  const nibbles = low_nibbles(), bits = short_float_bits(), scale = two_to_102();
  const zero = i32x4.splat(0);
  const x_step: usize = offsetof<T>() * 48;
  const end = x + <usize>blocks * x_step;
  let head = group, block = group;
  while (x < end) {
    head = block;
    block += head_bytes<L>();
    for (const stop = head_bytes<L>() ? x + 8 * x_step : end; x < stop; x += x_step) {
      let a1 = zero, a2 = zero, a3 = zero, a4 = zero, a5 = zero, a6 = zero, a7 = zero;
      let c1 = zero, c2 = zero, c3 = zero, c4 = zero, c5 = zero, c6 = zero, c7 = zero;
      let a0 = start_low<L>(x), c0 = a0;
      if (offsetof<T>() > 1) { a1 = start_low<L>(x + 16); c1 = a1; }
      if (offsetof<T>() > 2) { a2 = start_low<L>(x + 32); c2 = a2; }
      if (offsetof<T>() > 3) { a3 = start_low<L>(x + 48); c3 = a3; }
      if (offsetof<T>() > 4) { a4 = start_low<L>(x + 64); c4 = a4; }
      if (offsetof<T>() > 5) { a5 = start_low<L>(x + 80); c5 = a5; }
      if (offsetof<T>() > 6) { a6 = start_low<L>(x + 96); c6 = a6; }
      if (offsetof<T>() > 7) { a7 = start_low<L>(x + 112); c7 = a7; }
      let data = x + 16 * offsetof<T>(), quants = block + scale_bytes<L>();
      for (let half: usize = 0; half < 2; half++) {
        let low = v128.load(quants, 0), high = v128.load(quants, 16);
        let e0 = v128.and(low, nibbles), o0 = v128.and(i16x8.shr_u(low, 4), nibbles), e4 = v128.and(high, nibbles), o4 = v128.and(i16x8.shr_u(high, 4), nibbles);
        let v: v128, z: v128;
        v = v128.load32_splat(data, 0); z = v128.load32_splat(data, 4); a0 = add_pair(a0, v, z, e0, o0); c0 = add_pair(c0, v, z, e4, o4);
        if (offsetof<T>() > 1) { v = v128.load32_splat(data, 32); z = v128.load32_splat(data, 36); a1 = add_pair(a1, v, z, e0, o0); c1 = add_pair(c1, v, z, e4, o4); }
        if (offsetof<T>() > 2) { v = v128.load32_splat(data, 64); z = v128.load32_splat(data, 68); a2 = add_pair(a2, v, z, e0, o0); c2 = add_pair(c2, v, z, e4, o4); }
        if (offsetof<T>() > 3) { v = v128.load32_splat(data, 96); z = v128.load32_splat(data, 100); a3 = add_pair(a3, v, z, e0, o0); c3 = add_pair(c3, v, z, e4, o4); }
        if (offsetof<T>() > 4) { v = v128.load32_splat(data, 128); z = v128.load32_splat(data, 132); a4 = add_pair(a4, v, z, e0, o0); c4 = add_pair(c4, v, z, e4, o4); }
        if (offsetof<T>() > 5) { v = v128.load32_splat(data, 160); z = v128.load32_splat(data, 164); a5 = add_pair(a5, v, z, e0, o0); c5 = add_pair(c5, v, z, e4, o4); }
        if (offsetof<T>() > 6) { v = v128.load32_splat(data, 192); z = v128.load32_splat(data, 196); a6 = add_pair(a6, v, z, e0, o0); c6 = add_pair(c6, v, z, e4, o4); }
        if (offsetof<T>() > 7) { v = v128.load32_splat(data, 224); z = v128.load32_splat(data, 228); a7 = add_pair(a7, v, z, e0, o0); c7 = add_pair(c7, v, z, e4, o4); }

        low = v128.load(quants, 32); high = v128.load(quants, 48);
        e0 = v128.and(low, nibbles); o0 = v128.and(i16x8.shr_u(low, 4), nibbles); e4 = v128.and(high, nibbles); o4 = v128.and(i16x8.shr_u(high, 4), nibbles);
        v = v128.load32_splat(data, 8); z = v128.load32_splat(data, 12); a0 = add_pair(a0, v, z, e0, o0); c0 = add_pair(c0, v, z, e4, o4);
        if (offsetof<T>() > 1) { v = v128.load32_splat(data, 40); z = v128.load32_splat(data, 44); a1 = add_pair(a1, v, z, e0, o0); c1 = add_pair(c1, v, z, e4, o4); }
        if (offsetof<T>() > 2) { v = v128.load32_splat(data, 72); z = v128.load32_splat(data, 76); a2 = add_pair(a2, v, z, e0, o0); c2 = add_pair(c2, v, z, e4, o4); }
        if (offsetof<T>() > 3) { v = v128.load32_splat(data, 104); z = v128.load32_splat(data, 108); a3 = add_pair(a3, v, z, e0, o0); c3 = add_pair(c3, v, z, e4, o4); }
        if (offsetof<T>() > 4) { v = v128.load32_splat(data, 136); z = v128.load32_splat(data, 140); a4 = add_pair(a4, v, z, e0, o0); c4 = add_pair(c4, v, z, e4, o4); }
        if (offsetof<T>() > 5) { v = v128.load32_splat(data, 168); z = v128.load32_splat(data, 172); a5 = add_pair(a5, v, z, e0, o0); c5 = add_pair(c5, v, z, e4, o4); }
        if (offsetof<T>() > 6) { v = v128.load32_splat(data, 200); z = v128.load32_splat(data, 204); a6 = add_pair(a6, v, z, e0, o0); c6 = add_pair(c6, v, z, e4, o4); }
        if (offsetof<T>() > 7) { v = v128.load32_splat(data, 232); z = v128.load32_splat(data, 236); a7 = add_pair(a7, v, z, e0, o0); c7 = add_pair(c7, v, z, e4, o4); }

        data += 16;
        quants += 64;
        if (has_halves<L>()) {
          const s0 = low_scales<L>(head, block, half, bits, scale), s1 = high_scales<L>(head, block, half, bits, scale);
          const m0 = low_mins<L>(head, block, half, bits, s0), m1 = high_mins<L>(head, block, half, bits, s1);
          fold<L, N1>(x + 0, half, sums + 0, a0, c0, s0, s1, m0, m1); a0 = zero; c0 = zero;
          if (offsetof<T>() > 1) { fold<L, N1>(x + 16, half, sums + 32, a1, c1, s0, s1, m0, m1); a1 = zero; c1 = zero; }
          if (offsetof<T>() > 2) { fold<L, N1>(x + 32, half, sums + 64, a2, c2, s0, s1, m0, m1); a2 = zero; c2 = zero; }
          if (offsetof<T>() > 3) { fold<L, N1>(x + 48, half, sums + 96, a3, c3, s0, s1, m0, m1); a3 = zero; c3 = zero; }
          if (offsetof<T>() > 4) { fold<L, N1>(x + 64, half, sums + 128, a4, c4, s0, s1, m0, m1); a4 = zero; c4 = zero; }
          if (offsetof<T>() > 5) { fold<L, N1>(x + 80, half, sums + 160, a5, c5, s0, s1, m0, m1); a5 = zero; c5 = zero; }
          if (offsetof<T>() > 6) { fold<L, N1>(x + 96, half, sums + 192, a6, c6, s0, s1, m0, m1); a6 = zero; c6 = zero; }
          if (offsetof<T>() > 7) { fold<L, N1>(x + 112, half, sums + 224, a7, c7, s0, s1, m0, m1); a7 = zero; c7 = zero; }
        }
      }
      if (!has_halves<L>()) {
        const s0 = low_scales<L>(head, block, 0, bits, scale), s1 = high_scales<L>(head, block, 0, bits, scale);
        const m0 = has_min<L>() ? low_mins<L>(head, block, 0, bits, s0) : zero;
        const m1 = has_min<L>() ? high_mins<L>(head, block, 0, bits, s1) : zero;
        fold<L, N1>(x + 0, 0, sums + 0, a0, c0, s0, s1, m0, m1);
        if (offsetof<T>() > 1) { fold<L, N1>(x + 16, 0, sums + 32, a1, c1, s0, s1, m0, m1); }
        if (offsetof<T>() > 2) { fold<L, N1>(x + 32, 0, sums + 64, a2, c2, s0, s1, m0, m1); }
        if (offsetof<T>() > 3) { fold<L, N1>(x + 48, 0, sums + 96, a3, c3, s0, s1, m0, m1); }
        if (offsetof<T>() > 4) { fold<L, N1>(x + 64, 0, sums + 128, a4, c4, s0, s1, m0, m1); }
        if (offsetof<T>() > 5) { fold<L, N1>(x + 80, 0, sums + 160, a5, c5, s0, s1, m0, m1); }
        if (offsetof<T>() > 6) { fold<L, N1>(x + 96, 0, sums + 192, a6, c6, s0, s1, m0, m1); }
        if (offsetof<T>() > 7) { fold<L, N1>(x + 112, 0, sums + 224, a7, c7, s0, s1, m0, m1); }
      }
      block += scale_bytes<L>() + 128;
    }
  }
}
