// A short float: 16 bits from which four integer and float operations make an f32, without a special case.
//
//   bits       sign 1 | exponent 5 | mantissa 10, as in a half, with the exponent 10 larger and denormals normalised
//   range      0 and 2^-24 <= |value| < 2^7: every half below 128, exactly
//   decode     (bits << 13, its three copies of the sign cleared) as f32 · 2^102
//
// The step in between is never a denormal f32, whose arithmetic is slow on many processors; a half's would be.

const LARGEST_HALF: u32 = 0x57ff;
const SMALLEST_NORMAL_HALF: u32 = 0x0400;

/** Stands for a half that has no short float. */
export const NO_SHORT_FLOAT: u32 = 0x10000;

export function half_to_short_float(half: u32): u32 {
  const sign = half & 0x8000;
  const magnitude = half & 0x7fff;
  if (magnitude == 0) return 0;
  if (magnitude > LARGEST_HALF) return NO_SHORT_FLOAT;
  if (magnitude >= SMALLEST_NORMAL_HALF) return half + (10 << 10);
  const leading = 31 - clz(magnitude);
  return sign | ((leading + 1) << 10) | ((magnitude << (10 - leading)) & 1023);
}

// As data, for the reason that constants.ts gives.
const TABLE = memory.data<u32>(
  [
    0x7fff7fff, 0x7fff7fff, 0x7fff7fff, 0x7fff7fff, // all but the sign
    0x7c007c00, 0x7c007c00, 0x7c007c00, 0x7c007c00, // wraps the smallest normal half to the smallest i16
    0xd3ffd3ff, 0xd3ffd3ff, 0xd3ffd3ff, 0xd3ffd3ff, // and the largest half in range to this
    0x28002800, 0x28002800, 0x28002800, 0x28002800, // 10 more in the exponent
  ],
  16,
);

/** Whether each of eight halves is a normal number below 128. */
@inline
export function are_simple_halves(halves: v128): bool {
  const wrapped = i16x8.add(v128.and(halves, v128.load(TABLE)), v128.load(TABLE, 16));
  return !v128.any_true(i16x8.gt_s(wrapped, v128.load(TABLE, 32)));
}

/** The short floats of eight simple halves. */
@inline
export function simple_halves_to_short_floats(halves: v128): v128 {
  return i16x8.add(halves, v128.load(TABLE, 48));
}

/** Four short floats at `at`; `bits` and `two_to_102` from the constants. */
@inline
export function load_short_floats(at: usize, bits: v128, scale: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shl(v128.load16x4_s(at), 13), bits), scale);
}

export function short_float_to_f32(bits: u32): f32 {
  const shifted = ((<u32>(<i32>(<i16>bits))) << 13) & 0x8fffe000;
  return reinterpret<f32>(shifted) * reinterpret<f32>(0x72800000);
}
