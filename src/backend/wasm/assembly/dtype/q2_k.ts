// q2_k: 16 bytes of group scale (low nibble) and minimum (high nibble) | 64 bytes of two-bit quants | scale f16 | min f16;
// value = scale · groupScale · quant - min · groupMin, 16 groups of 16. A byte holds four values that lie 32 apart.

import { half_to_float } from './half';
import { GROUP_MINS, GROUP_SCALES, MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q2_k(block: usize, out: usize): void {
  const nibble = i8x16.splat(15);
  const scales = v128.load(block);
  store<f32>(out, half_to_float(load<u16>(block, 80)), SCALE);
  store<f32>(out, half_to_float(load<u16>(block, 82)), MIN);
  v128.store(out, v128.and(scales, nibble), GROUP_SCALES);
  v128.store(out, v128.and(i16x8.shr_u(scales, 4), nibble), GROUP_MINS);
  for (let run = 0; run < 8; run++) unpack_two_bits(block + 16, run, out + QUANTS);
}

/** The 32 two-bit values of `run` (0..7) of 256: half run / 4 of 64 bytes, bits 2 (run mod 4) of each byte. */
@inline
export function unpack_two_bits(pairs: usize, run: i32, quants: usize): void {
  const mask = i8x16.splat(3);
  const from = pairs + <usize>((run >> 2) * 32);
  const to = quants + <usize>(run * 32);
  v128.store(to, v128.and(i16x8.shr_u(v128.load(from), (run & 3) * 2), mask));
  v128.store(to, v128.and(i16x8.shr_u(v128.load(from, 16), (run & 3) * 2), mask), 16);
}
