// q3_k: 32 bytes of third bits | 64 bytes of two-bit quants as in q2_k | 12 bytes of 16 six-bit group scales | scale f16;
// value = scale · (groupScale - 32) · (quant - 4), 16 groups of 16. Bit k of third-bit byte i belongs to value 32 k + i.
//
// Unpacked as scale · s · quant - scale · 4 s with s = groupScale - 32: 4 s fits a signed byte, and so q2_k's kernels do.

import { half_to_float } from './half';
import { unpack_two_bits } from './q2_k';
import { GROUP_MINS, GROUP_SCALES, MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q3_k(block: usize, out: usize): void {
  const scale = half_to_float(load<u16>(block, 108));
  store<f32>(out, scale, SCALE);
  store<f32>(out, scale, MIN);
  for (let group: usize = 0; group < 16; group++) {
    const low = (<i32>load<u8>(block + 96 + (group & 7)) >> (group < 8 ? 0 : 4)) & 15;
    const high = (<i32>load<u8>(block + 104 + (group & 3)) >> (2 * <i32>(group >> 2))) & 3;
    const group_scale = (low | (high << 4)) - 32;
    store<i8>(out + group, <i8>group_scale, GROUP_SCALES);
    store<i8>(out + group, <i8>(4 * group_scale), GROUP_MINS);
  }
  const one = i8x16.splat(1);
  for (let run = 0; run < 8; run++) {
    unpack_two_bits(block + 32, run, out + QUANTS);
    const to = out + QUANTS + <usize>(run * 32);
    const third = i16x8.shl(v128.and(i16x8.shr_u(v128.load(block), run), one), 2);
    const other = i16x8.shl(v128.and(i16x8.shr_u(v128.load(block, 16), run), one), 2);
    v128.store(to, v128.or(v128.load(to), third));
    v128.store(to, v128.or(v128.load(to, 16), other), 16);
  }
}
