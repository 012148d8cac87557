// integer_tile: 8 rows times a tile of 1, 2, 4 or 6 tokens, whole rows long, for every integer layout and kernel set
//
//   sums[t, r] = sum over blocks of d[t] · scale[r] · dot(weight[r], x[t]) (+ d[t] · sum(x[t]) · min[r])
//
//   sums       f32 [size, 8]; they stay in memory, for there are too few vector registers for them beside the dots
//   group      one packed group (layouts.ts)
//   x          one tile of prepared activations (forms.ts)
//   blocks     columns / 32; a multiple of 8 for K-quants
//   overflow   |i8| <= 127 and 32 columns: nibbles 32 · 255 · 127 = 1.04e6 taken whole, bytes 1.04e6; i32 lanes hold 2.1e9,
//              and f32 holds every dot exactly. Six bits: 16 · 63 · 127 = 1.3e5.
//   order      one product and one fused sum for each block (each half block), ascending; the same in integer_streams
//
// `layout`, `set` and `size` are known when this is compiled: what a combination does not need is not there.

import { bits_4_and_5, even_bytes, low_nibbles, short_float_bits, two_to_102, two_to_98 } from './constants';
import { add_dot, column_sum, start_high, start_low } from './blocks';
import { has_halves, has_min, head_bytes, quant_bytes, scale_bytes, subtracts } from './layouts';
import { even, finish, load_x, load_z, mac, madd, odd } from './ops';
import {
  high_dots, high_mins, high_rows, high_scales, load_quants, low_mins, low_rows, low_scales,
} from './operands';
import { I16 } from './state';

@inline
export function integer_tile(layout: i32, set: i32, size: usize, group: usize, x: usize, blocks: i32, sums: usize): void {
  const nibbles = low_nibbles(), high_bits = bits_4_and_5(), evens = even_bytes(), bits = short_float_bits();
  const scale = two_to_102(), high_scale = subtracts(layout, set) ? two_to_98() : scale;
  const x_step = size * (set == I16 ? 80 : 48);
  const zero = i32x4.splat(0);
  for (let t: usize = 0; t < size; t++) {
    v128.store(sums + 32 * t, zero);
    v128.store(sums + 32 * t + 16, zero);
  }
  const end = x + <usize>blocks * x_step;
  let block = group;
  while (x < end) {
    const head = block;
    block += head_bytes(layout);
    for (const stop = head_bytes(layout) ? x + 8 * x_step : end; x < stop; x += x_step) {
      let a0 = start_low(layout, 0, x), c0 = start_high(layout, set, 0, x, a0);
      let a1 = size > 1 ? start_low(layout, 1, x) : zero, c1 = size > 1 ? start_high(layout, set, 1, x, a1) : zero;
      let a2 = size > 2 ? start_low(layout, 2, x) : zero, c2 = size > 2 ? start_high(layout, set, 2, x, a2) : zero;
      let a3 = size > 3 ? start_low(layout, 3, x) : zero, c3 = size > 3 ? start_high(layout, set, 3, x, a3) : zero;
      let a4 = size > 4 ? start_low(layout, 4, x) : zero, c4 = size > 4 ? start_high(layout, set, 4, x, a4) : zero;
      let a5 = size > 5 ? start_low(layout, 5, x) : zero, c5 = size > 5 ? start_high(layout, set, 5, x, a5) : zero;

      let quants = load_quants(layout, block, 0), low = low_rows(layout, quants, block, 0, nibbles, high_bits), high = high_rows(layout, set, quants, block, 0, nibbles, high_bits);
      let low_even = even(set, low, evens), low_odd = odd(set, low), high_even = even(set, high, evens), high_odd = odd(set, high);
      let xv = load_x(set, size, 0, 0, x), zv = load_z(set, size, 0, 0, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 0, x); zv = load_z(set, size, 1, 0, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 0, x); zv = load_z(set, size, 2, 0, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 0, x); zv = load_z(set, size, 3, 0, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 0, x); zv = load_z(set, size, 4, 0, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 0, x); zv = load_z(set, size, 5, 0, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      quants = load_quants(layout, block, 1); low = low_rows(layout, quants, block, 1, nibbles, high_bits); high = high_rows(layout, set, quants, block, 1, nibbles, high_bits);
      low_even = even(set, low, evens); low_odd = odd(set, low); high_even = even(set, high, evens); high_odd = odd(set, high);
      xv = load_x(set, size, 0, 1, x); zv = load_z(set, size, 0, 1, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 1, x); zv = load_z(set, size, 1, 1, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 1, x); zv = load_z(set, size, 2, 1, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 1, x); zv = load_z(set, size, 3, 1, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 1, x); zv = load_z(set, size, 4, 1, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 1, x); zv = load_z(set, size, 5, 1, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      quants = load_quants(layout, block, 2); low = low_rows(layout, quants, block, 2, nibbles, high_bits); high = high_rows(layout, set, quants, block, 2, nibbles, high_bits);
      low_even = even(set, low, evens); low_odd = odd(set, low); high_even = even(set, high, evens); high_odd = odd(set, high);
      xv = load_x(set, size, 0, 2, x); zv = load_z(set, size, 0, 2, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 2, x); zv = load_z(set, size, 1, 2, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 2, x); zv = load_z(set, size, 2, 2, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 2, x); zv = load_z(set, size, 3, 2, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 2, x); zv = load_z(set, size, 4, 2, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 2, x); zv = load_z(set, size, 5, 2, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      quants = load_quants(layout, block, 3); low = low_rows(layout, quants, block, 3, nibbles, high_bits); high = high_rows(layout, set, quants, block, 3, nibbles, high_bits);
      low_even = even(set, low, evens); low_odd = odd(set, low); high_even = even(set, high, evens); high_odd = odd(set, high);
      xv = load_x(set, size, 0, 3, x); zv = load_z(set, size, 0, 3, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 3, x); zv = load_z(set, size, 1, 3, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 3, x); zv = load_z(set, size, 2, 3, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 3, x); zv = load_z(set, size, 3, 3, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 3, x); zv = load_z(set, size, 4, 3, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 3, x); zv = load_z(set, size, 5, 3, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      if (has_halves(layout)) {
        const s0 = low_scales(layout, head, block, 0, bits, scale), s1 = high_scales(layout, head, block, 0, bits, high_scale);
        const m0 = low_mins(layout, head, block, 0, bits, s0), m1 = high_mins(layout, head, block, 0, bits, s1);
        add_dots(layout, set, 0, x, sums, a0, c0, s0, s1); add_sums(layout, 0, 0, x, sums, m0, m1); a0 = zero; c0 = zero;
        if (size > 1) { add_dots(layout, set, 1, x, sums, a1, c1, s0, s1); add_sums(layout, 0, 1, x, sums, m0, m1); a1 = zero; c1 = zero; }
        if (size > 2) { add_dots(layout, set, 2, x, sums, a2, c2, s0, s1); add_sums(layout, 0, 2, x, sums, m0, m1); a2 = zero; c2 = zero; }
        if (size > 3) { add_dots(layout, set, 3, x, sums, a3, c3, s0, s1); add_sums(layout, 0, 3, x, sums, m0, m1); a3 = zero; c3 = zero; }
        if (size > 4) { add_dots(layout, set, 4, x, sums, a4, c4, s0, s1); add_sums(layout, 0, 4, x, sums, m0, m1); a4 = zero; c4 = zero; }
        if (size > 5) { add_dots(layout, set, 5, x, sums, a5, c5, s0, s1); add_sums(layout, 0, 5, x, sums, m0, m1); a5 = zero; c5 = zero; }
      }

      quants = load_quants(layout, block, 4); low = low_rows(layout, quants, block, 4, nibbles, high_bits); high = high_rows(layout, set, quants, block, 4, nibbles, high_bits);
      low_even = even(set, low, evens); low_odd = odd(set, low); high_even = even(set, high, evens); high_odd = odd(set, high);
      xv = load_x(set, size, 0, 4, x); zv = load_z(set, size, 0, 4, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 4, x); zv = load_z(set, size, 1, 4, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 4, x); zv = load_z(set, size, 2, 4, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 4, x); zv = load_z(set, size, 3, 4, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 4, x); zv = load_z(set, size, 4, 4, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 4, x); zv = load_z(set, size, 5, 4, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      quants = load_quants(layout, block, 5); low = low_rows(layout, quants, block, 5, nibbles, high_bits); high = high_rows(layout, set, quants, block, 5, nibbles, high_bits);
      low_even = even(set, low, evens); low_odd = odd(set, low); high_even = even(set, high, evens); high_odd = odd(set, high);
      xv = load_x(set, size, 0, 5, x); zv = load_z(set, size, 0, 5, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 5, x); zv = load_z(set, size, 1, 5, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 5, x); zv = load_z(set, size, 2, 5, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 5, x); zv = load_z(set, size, 3, 5, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 5, x); zv = load_z(set, size, 4, 5, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 5, x); zv = load_z(set, size, 5, 5, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      quants = load_quants(layout, block, 6); low = low_rows(layout, quants, block, 6, nibbles, high_bits); high = high_rows(layout, set, quants, block, 6, nibbles, high_bits);
      low_even = even(set, low, evens); low_odd = odd(set, low); high_even = even(set, high, evens); high_odd = odd(set, high);
      xv = load_x(set, size, 0, 6, x); zv = load_z(set, size, 0, 6, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 6, x); zv = load_z(set, size, 1, 6, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 6, x); zv = load_z(set, size, 2, 6, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 6, x); zv = load_z(set, size, 3, 6, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 6, x); zv = load_z(set, size, 4, 6, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 6, x); zv = load_z(set, size, 5, 6, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      quants = load_quants(layout, block, 7); low = low_rows(layout, quants, block, 7, nibbles, high_bits); high = high_rows(layout, set, quants, block, 7, nibbles, high_bits);
      low_even = even(set, low, evens); low_odd = odd(set, low); high_even = even(set, high, evens); high_odd = odd(set, high);
      xv = load_x(set, size, 0, 7, x); zv = load_z(set, size, 0, 7, x, xv); a0 = mac(set, a0, xv, zv, low_even, low_odd); c0 = mac(set, c0, xv, zv, high_even, high_odd);
      if (size > 1) { xv = load_x(set, size, 1, 7, x); zv = load_z(set, size, 1, 7, x, xv); a1 = mac(set, a1, xv, zv, low_even, low_odd); c1 = mac(set, c1, xv, zv, high_even, high_odd); }
      if (size > 2) { xv = load_x(set, size, 2, 7, x); zv = load_z(set, size, 2, 7, x, xv); a2 = mac(set, a2, xv, zv, low_even, low_odd); c2 = mac(set, c2, xv, zv, high_even, high_odd); }
      if (size > 3) { xv = load_x(set, size, 3, 7, x); zv = load_z(set, size, 3, 7, x, xv); a3 = mac(set, a3, xv, zv, low_even, low_odd); c3 = mac(set, c3, xv, zv, high_even, high_odd); }
      if (size > 4) { xv = load_x(set, size, 4, 7, x); zv = load_z(set, size, 4, 7, x, xv); a4 = mac(set, a4, xv, zv, low_even, low_odd); c4 = mac(set, c4, xv, zv, high_even, high_odd); }
      if (size > 5) { xv = load_x(set, size, 5, 7, x); zv = load_z(set, size, 5, 7, x, xv); a5 = mac(set, a5, xv, zv, low_even, low_odd); c5 = mac(set, c5, xv, zv, high_even, high_odd); }

      const half: usize = has_halves(layout) ? 1 : 0;
      const s0 = low_scales(layout, head, block, half, bits, scale), s1 = high_scales(layout, head, block, half, bits, high_scale);
      const m0 = has_min(layout) ? low_mins(layout, head, block, half, bits, s0) : zero;
      const m1 = has_min(layout) ? high_mins(layout, head, block, half, bits, s1) : zero;
      add_dots(layout, set, 0, x, sums, a0, c0, s0, s1); add_sums(layout, 1, 0, x, sums, m0, m1);
      if (size > 1) { add_dots(layout, set, 1, x, sums, a1, c1, s0, s1); add_sums(layout, 1, 1, x, sums, m0, m1); }
      if (size > 2) { add_dots(layout, set, 2, x, sums, a2, c2, s0, s1); add_sums(layout, 1, 2, x, sums, m0, m1); }
      if (size > 3) { add_dots(layout, set, 3, x, sums, a3, c3, s0, s1); add_sums(layout, 1, 3, x, sums, m0, m1); }
      if (size > 4) { add_dots(layout, set, 4, x, sums, a4, c4, s0, s1); add_sums(layout, 1, 4, x, sums, m0, m1); }
      if (size > 5) { add_dots(layout, set, 5, x, sums, a5, c5, s0, s1); add_sums(layout, 1, 5, x, sums, m0, m1); }
      block += scale_bytes(layout) + quant_bytes(layout);
    }
  }
}

/** sums += d · scale · dot for token t */
@inline
function add_dots(layout: i32, set: i32, t: usize, x: usize, sums: usize, a: v128, c: v128, s0: v128, s1: v128): void {
  const d = v128.load32_splat(x + 16 * t);
  const low = finish(set, a), high = finish(set, high_dots(layout, set, a, c));
  v128.store(sums + 32 * t, add_dot(low, d, s0, v128.load(sums + 32 * t)));
  v128.store(sums + (32 * t + 16), add_dot(high, d, s1, v128.load(sums + (32 * t + 16))));
}

/** sums += min · d · sum of the columns up to here for token t */
@inline
function add_sums(layout: i32, half: usize, t: usize, x: usize, sums: usize, m0: v128, m1: v128): void {
  if (!has_min(layout)) return;
  const total = column_sum(layout, half, x + 16 * t);
  v128.store(sums + 32 * t, madd(m0, total, v128.load(sums + 32 * t)));
  v128.store(sums + (32 * t + 16), madd(m1, total, v128.load(sums + (32 * t + 16))));
}
