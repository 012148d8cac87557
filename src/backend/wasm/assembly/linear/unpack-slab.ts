// unpack_slab: up to 8 packed blocks of a group to operands that slab_tile multiplies as they are
//
//   Where many tokens meet a weight, it is unpacked once for all of them. A slab is small enough to stay in the first cache
//   together with the activations it meets.
//
//   block      its operands, then its scales
//   operands   pairs of vectors, rows 0..3 and rows 4..7: of 4 columns as bytes; or as 16 bits of the even and then of the
//              odd columns
//   scales     f32 x 8, then, in layouts with minima, f32 x 8 minima; twice where halves have scales of their own
//   types      L a layout's number, S a kernel set's (statics.ts)

import { even_bytes, low_nibbles, low_six_bits, short_float_bits, two_to_102 } from './constants';
import { high_mins, high_nibbles_or_bytes, low_mins, low_rows, low_scales, load_quants, true_high_scales } from './operands';
import { stored_offset } from './layouts';
import { is_i16, is_nibbles, is_six_bits, head_bytes, has_halves, has_min, quant_bytes, scale_bytes } from './traits';

/** Columns of a slab, of float weights too. */
export const SLAB_COLUMNS = 256;

const SCALES_BYTES: usize = 128;

/** Bytes of the operands of a block. */
@inline
export function operand_bytes<S>(): usize {
  return is_i16<S>() ? 512 : 256;
}

/** Bytes of a block. */
@inline
export function slab_block_bytes<S>(): usize {
  return operand_bytes<S>() + SCALES_BYTES;
}

export function unpack_slab<L, S>(packed: usize, blocks: i32, slab: usize): void {
  const nibbles = low_nibbles(), six_bits = low_six_bits(), evens = even_bytes(), bits = short_float_bits();
  const scale = two_to_102();
  const flip = i8x16.splat(is_nibbles<L>() ? <i8>stored_offset(<i32>offsetof<L>()) : 0);
  const step: usize = is_i16<S>() ? 64 : 32;
  const half_quants: usize = is_nibbles<L>() ? 64 : is_six_bits<L>() ? 96 : 128;
  const head = packed;
  let block = packed + head_bytes<L>();
  for (const end = slab + <usize>blocks * slab_block_bytes<S>(); slab < end; slab += slab_block_bytes<S>()) {
    let out = slab, quants = block + scale_bytes<L>();
    for (let half: usize = 0; half < 2; half++) {
      unpack_chunk<L, S>(quants, 0, out, nibbles, six_bits, evens, flip);
      unpack_chunk<L, S>(quants, 1, out + step, nibbles, six_bits, evens, flip);
      unpack_chunk<L, S>(quants, 2, out + 2 * step, nibbles, six_bits, evens, flip);
      unpack_chunk<L, S>(quants, 3, out + 3 * step, nibbles, six_bits, evens, flip);
      if (half == 0 || has_halves<L>()) {
        const to = slab + operand_bytes<S>() + 64 * half;
        const s0 = low_scales<L>(head, block, half, bits, scale), s1 = true_high_scales<L, S>(head, block, half, bits, scale);
        v128.store(to, s0);
        v128.store(to, s1, 16);
        if (has_min<L>()) {
          v128.store(to, low_mins<L>(head, block, half, bits, s0), 32);
          v128.store(to, high_mins<L>(head, block, half, bits, s1), 48);
        }
      }
      out += 4 * step;
      quants += half_quants;
    }
    block += scale_bytes<L>() + quant_bytes<L>();
  }
}

@inline
function unpack_chunk<L, S>(
  quants: usize, chunk: usize, out: usize, nibbles: v128, six_bits: v128, evens: v128, flip: v128,
): void {
  let vector = load_quants<L>(quants, chunk);
  if (is_nibbles<L>()) vector = v128.xor(vector, flip);
  const low = low_rows<L>(vector, quants, chunk, nibbles, six_bits);
  const high = high_nibbles_or_bytes<L>(vector, quants, chunk, nibbles, six_bits);
  if (is_i16<S>()) {
    v128.store(out, v128.and(low, evens));
    v128.store(out, v128.and(high, evens), 16);
    v128.store(out, i16x8.shr_u(low, 8), 32);
    v128.store(out, i16x8.shr_u(high, 8), 48);
  } else {
    v128.store(out, low);
    v128.store(out, high, 16);
  }
}
