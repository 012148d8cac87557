// slab_tile: an unpacked slab times a tile of 4 or 5 tokens: integer_tile's sums, bit for bit
//
//   sums       f32 [T, 8], added to; they stay in memory, for there are too few vector registers for them beside the dots
//   slab       unpack-slab.ts
//   x          these columns of one tile of prepared activations (forms.ts)
//   types      L a layout's number, S a kernel set's, T the tokens of the tile (statics.ts); L says no more than whether
//              blocks have minima and halves, and where dots start

import { fold, start_low } from './blocks';
import { add_product } from './ops';
import { has_halves, has_min, is_i16 } from './traits';
import { operand_bytes, slab_block_bytes } from './unpack-slab';

export function slab_tile<L, S, T>(slab: usize, x: usize, blocks: i32, sums: usize): void {
  const zero = i32x4.splat(0);
  const token: usize = is_i16<S>() ? 64 : 32;
  const x_step: usize = offsetof<T>() * (16 + token);
  for (const end = x + <usize>blocks * x_step; x < end; x += x_step) {
    let a0 = start_low<L>(x), c0 = a0, a1 = start_low<L>(x + 16), c1 = a1, a2 = start_low<L>(x + 32), c2 = a2;
    let a3 = start_low<L>(x + 48), c3 = a3, a4 = zero, c4 = zero;
    if (offsetof<T>() > 4) { a4 = start_low<L>(x + 64); c4 = a4; }
    let data = x + 16 * offsetof<T>(), weights = slab, scales = slab + operand_bytes<S>();
    for (const stop = slab + operand_bytes<S>(); weights < stop; ) {
      let low = v128.load(weights), high = v128.load(weights, 16), v: v128;
      v = v128.load32_splat(data); a0 = add_product<S>(a0, v, low); c0 = add_product<S>(c0, v, high);
      v = v128.load32_splat(data + token); a1 = add_product<S>(a1, v, low); c1 = add_product<S>(c1, v, high);
      v = v128.load32_splat(data + 2 * token); a2 = add_product<S>(a2, v, low); c2 = add_product<S>(c2, v, high);
      v = v128.load32_splat(data + 3 * token); a3 = add_product<S>(a3, v, low); c3 = add_product<S>(c3, v, high);
      if (offsetof<T>() > 4) { v = v128.load32_splat(data + 4 * token); a4 = add_product<S>(a4, v, low); c4 = add_product<S>(c4, v, high); }

      low = v128.load(weights, 32); high = v128.load(weights, 48);
      v = v128.load32_splat(data + 4); a0 = add_product<S>(a0, v, low); c0 = add_product<S>(c0, v, high);
      v = v128.load32_splat(data + (token + 4)); a1 = add_product<S>(a1, v, low); c1 = add_product<S>(c1, v, high);
      v = v128.load32_splat(data + (2 * token + 4)); a2 = add_product<S>(a2, v, low); c2 = add_product<S>(c2, v, high);
      v = v128.load32_splat(data + (3 * token + 4)); a3 = add_product<S>(a3, v, low); c3 = add_product<S>(c3, v, high);
      if (offsetof<T>() > 4) { v = v128.load32_splat(data + (4 * token + 4)); a4 = add_product<S>(a4, v, low); c4 = add_product<S>(c4, v, high); }

      low = v128.load(weights, 64); high = v128.load(weights, 80);
      v = v128.load32_splat(data + 8); a0 = add_product<S>(a0, v, low); c0 = add_product<S>(c0, v, high);
      v = v128.load32_splat(data + (token + 8)); a1 = add_product<S>(a1, v, low); c1 = add_product<S>(c1, v, high);
      v = v128.load32_splat(data + (2 * token + 8)); a2 = add_product<S>(a2, v, low); c2 = add_product<S>(c2, v, high);
      v = v128.load32_splat(data + (3 * token + 8)); a3 = add_product<S>(a3, v, low); c3 = add_product<S>(c3, v, high);
      if (offsetof<T>() > 4) { v = v128.load32_splat(data + (4 * token + 8)); a4 = add_product<S>(a4, v, low); c4 = add_product<S>(c4, v, high); }

      low = v128.load(weights, 96); high = v128.load(weights, 112);
      v = v128.load32_splat(data + 12); a0 = add_product<S>(a0, v, low); c0 = add_product<S>(c0, v, high);
      v = v128.load32_splat(data + (token + 12)); a1 = add_product<S>(a1, v, low); c1 = add_product<S>(c1, v, high);
      v = v128.load32_splat(data + (2 * token + 12)); a2 = add_product<S>(a2, v, low); c2 = add_product<S>(c2, v, high);
      v = v128.load32_splat(data + (3 * token + 12)); a3 = add_product<S>(a3, v, low); c3 = add_product<S>(c3, v, high);
      if (offsetof<T>() > 4) { v = v128.load32_splat(data + (4 * token + 12)); a4 = add_product<S>(a4, v, low); c4 = add_product<S>(c4, v, high); }

      data += 16;
      weights += 128;
      if (has_halves<L>() && (weights == stop || weights == slab + (operand_bytes<S>() >> 1))) {
        const half: usize = weights == stop ? 1 : 0;
        fold_tile<L, S, T>(x, half, sums, scales, a0, a1, a2, a3, a4, c0, c1, c2, c3, c4);
        scales += 64;
        a0 = zero; a1 = zero; a2 = zero; a3 = zero; a4 = zero; c0 = zero; c1 = zero; c2 = zero; c3 = zero; c4 = zero;
      }
    }
    if (!has_halves<L>()) fold_tile<L, S, T>(x, 0, sums, scales, a0, a1, a2, a3, a4, c0, c1, c2, c3, c4);
    slab += slab_block_bytes<S>();
  }
}

@inline
function fold_tile<L, S, T>(
  x: usize, half: usize, sums: usize, scales: usize,
  a0: v128, a1: v128, a2: v128, a3: v128, a4: v128, c0: v128, c1: v128, c2: v128, c3: v128, c4: v128,
): void {
  const s0 = v128.load(scales), s1 = v128.load(scales, 16);
  const m0 = has_min<L>() ? v128.load(scales, 32) : s0, m1 = has_min<L>() ? v128.load(scales, 48) : s1;
  fold<L, S>(x, half, sums, a0, c0, s0, s1, m0, m1);
  fold<L, S>(x + 16, half, sums + 32, a1, c1, s0, s1, m0, m1);
  fold<L, S>(x + 32, half, sums + 64, a2, c2, s0, s1, m0, m1);
  fold<L, S>(x + 48, half, sums + 96, a3, c3, s0, s1, m0, m1);
  if (offsetof<T>() > 4) fold<L, S>(x + 64, half, sums + 128, a4, c4, s0, s1, m0, m1);
}
