// q5_k: head as in q4_k | 32 bytes of fifth bits | 128 bytes of nibbles as in q4_k;
// value = scale · groupScale · quant - min · groupMin. Bit g of fifth-bit byte i belongs to value i of group g.

import { unpack_k_scales, unpack_nibble_pair } from './q4_k';
import { QUANTS } from './unpacked';

export function unpack_q5_k(block: usize, out: usize): void {
  unpack_k_scales(block, out);
  for (let pair: usize = 0; pair < 4; pair++) unpack_nibble_pair(block + 48 + pair * 32, out + QUANTS + pair * 64);
  const one = i8x16.splat(1);
  for (let group = 0; group < 8; group++) {
    const to = out + QUANTS + <usize>(group * 32);
    const fifth = i16x8.shl(v128.and(i16x8.shr_u(v128.load(block, 16), group), one), 4);
    const other = i16x8.shl(v128.and(i16x8.shr_u(v128.load(block, 32), group), one), 4);
    v128.store(to, v128.or(v128.load(to), fifth));
    v128.store(to, v128.or(v128.load(to, 16), other), 16);
  }
}
