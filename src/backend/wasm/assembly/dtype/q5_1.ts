// q5_1: scale f16 | min f16 | 32 fifth bits | 16 bytes of nibbles as in q4_0; value = scale · quant + min.

import { half_to_float } from './half';
import { unpack_nibbles } from './q4_0';
import { add_fifth_bits } from './q5_0';
import { MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q5_1(block: usize, out: usize): void {
  store<f32>(out, half_to_float(load<u16>(block)), SCALE);
  store<f32>(out, half_to_float(load<u16>(block, 2)), MIN);
  unpack_nibbles(block + 8, out + QUANTS);
  add_fifth_bits(load<u32>(block, 4), out + QUANTS);
}
