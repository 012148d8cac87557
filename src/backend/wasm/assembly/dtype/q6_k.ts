// q6_k: 128 bytes of nibbles | 64 bytes of two high bits | 16 signed group scales | scale f16;
// value = scale · groupScale · (quant - 32), 16 groups of 16.
//
// Each half is four runs of 32 values: runs 0 and 1 are the low nibbles of 64 bytes, 2 and 3 their high nibbles; a byte of
// high bits holds one pair for each run.

import { half_to_float } from './half';
import { GROUP_MINS, GROUP_SCALES, MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q6_k(block: usize, out: usize): void {
  store<f32>(out, half_to_float(load<u16>(block, 208)), SCALE);
  store<f32>(out, 0, MIN);
  v128.store(out, v128.load(block, 192), GROUP_SCALES);
  v128.store(out, i8x16.splat(0), GROUP_MINS);
  for (let run = 0; run < 8; run++) {
    const half = <usize>(run >> 2);
    const low = block + half * 64 + <usize>((run & 1) * 32);
    const high = block + 128 + half * 32;
    const to = out + QUANTS + <usize>(run * 32);
    v128.store(to, six_bits(v128.load(low), v128.load(high), run));
    v128.store(to, six_bits(v128.load(low, 16), v128.load(high, 16), run), 16);
  }
}

@inline
function six_bits(low: v128, high: v128, run: i32): v128 {
  const nibbles = v128.and(i16x8.shr_u(low, (run & 2) * 2), i8x16.splat(15));
  const pairs = v128.and(i16x8.shr_u(high, (run & 3) * 2), i8x16.splat(3));
  return v128.or(nibbles, i16x8.shl(pairs, 4));
}
