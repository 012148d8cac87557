// q4_k: scale f16 | min f16 | 12 bytes of 8 six-bit group scales and minima | 128 bytes of nibbles;
// value = scale · groupScale · quant - min · groupMin, 8 groups of 32: groups 2 i and 2 i + 1 share 32 bytes.

import { half_to_float } from './half';
import { GROUP_MINS, GROUP_SCALES, MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q4_k(block: usize, out: usize): void {
  unpack_k_scales(block, out);
  for (let pair: usize = 0; pair < 4; pair++) unpack_nibble_pair(block + 16 + pair * 32, out + QUANTS + pair * 64);
}

/** 32 bytes of nibbles to 64 bytes: the low ones, then the high ones. */
@inline
export function unpack_nibble_pair(nibbles: usize, out: usize): void {
  const mask = i8x16.splat(15);
  const first = v128.load(nibbles);
  const second = v128.load(nibbles, 16);
  v128.store(out, v128.and(first, mask));
  v128.store(out, v128.and(second, mask), 16);
  v128.store(out, v128.and(i16x8.shr_u(first, 4), mask), 32);
  v128.store(out, v128.and(i16x8.shr_u(second, 4), mask), 48);
}

/** The head that q4_k and q5_k share: both scales, and six bits of scale and minimum for each of 8 groups. */
export function unpack_k_scales(block: usize, out: usize): void {
  store<f32>(out, half_to_float(load<u16>(block)), SCALE);
  store<f32>(out, half_to_float(load<u16>(block, 2)), MIN);
  for (let group: usize = 0; group < 4; group++) {
    const scale = load<u8>(block + 4 + group);
    const min = load<u8>(block + 8 + group);
    const rest = load<u8>(block + 12 + group);
    store<u8>(out + group, scale & 63, GROUP_SCALES);
    store<u8>(out + group, min & 63, GROUP_MINS);
    store<u8>(out + group, (rest & 15) | ((scale >> 6) << 4), GROUP_SCALES + 4);
    store<u8>(out + group, (rest >> 4) | ((min >> 6) << 4), GROUP_MINS + 4);
  }
}
