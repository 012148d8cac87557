// q5_0: scale f16 | 32 fifth bits | 16 bytes of nibbles as in q4_0; value = scale · (quant - 16).
// Unpacked quants carry + 128 instead of + 16: they share the layout of q8_0.

import { half_to_float } from './half';
import { unpack_nibbles } from './q4_0';
import { MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q5_0(block: usize, out: usize): void {
  store<f32>(out, half_to_float(load<u16>(block)), SCALE);
  store<f32>(out, 0, MIN);
  unpack_nibbles(block + 6, out + QUANTS);
  add_fifth_bits(load<u32>(block, 2), out + QUANTS);
  const shift = i8x16.splat(112);
  v128.store(out, i8x16.add(v128.load(out, QUANTS), shift), QUANTS);
  v128.store(out, i8x16.add(v128.load(out, QUANTS + 16), shift), QUANTS + 16);
}

/** Adds bit i of `bits` to byte i of 32 as its bit 4. */
@inline
export function add_fifth_bits(bits: u32, quants: usize): void {
  v128.store(quants, v128.or(v128.load(quants), fifth_bits(bits)));
  v128.store(quants, v128.or(v128.load(quants, 16), fifth_bits(bits >> 16)), 16);
}

/** 16 where bit i of 16 is set, for each byte i. */
@inline
function fifth_bits(bits: u32): v128 {
  const each = i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128);
  const both = i16x8.splat(<i16>bits);
  const spread = i8x16.shuffle(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  return v128.and(i8x16.eq(v128.and(spread, each), each), i8x16.splat(16));
}
