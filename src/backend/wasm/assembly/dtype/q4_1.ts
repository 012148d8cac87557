// q4_1: scale f16 | min f16 | 16 bytes of nibbles as in q4_0; value = scale · nibble + min.

import { half_to_float } from './half';
import { unpack_nibbles } from './q4_0';
import { MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q4_1(block: usize, out: usize): void {
  store<f32>(out, half_to_float(load<u16>(block)), SCALE);
  store<f32>(out, half_to_float(load<u16>(block, 2)), MIN);
  unpack_nibbles(block + 4, out + QUANTS);
}
