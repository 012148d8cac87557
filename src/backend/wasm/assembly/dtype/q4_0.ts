// q4_0: scale f16 | 16 bytes of nibbles; value = scale · (nibble - 8). Low nibbles are values 0..15, high ones 16..31.

import { half_to_float } from './half';
import { MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q4_0(block: usize, out: usize): void {
  store<f32>(out, half_to_float(load<u16>(block)), SCALE);
  store<f32>(out, 0, MIN);
  unpack_nibbles(block + 2, out + QUANTS);
}

/** 16 bytes of nibbles to 32 bytes: the low ones, then the high ones. */
@inline
export function unpack_nibbles(nibbles: usize, out: usize): void {
  const mask = i8x16.splat(15);
  const bytes = v128.load(nibbles);
  v128.store(out, v128.and(bytes, mask));
  v128.store(out, v128.and(i16x8.shr_u(bytes, 4), mask), 16);
}
