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

/** Whether each of eight halves is 0 or a normal number below 128. */
@inline
export function are_simple_halves(halves: v128): bool {
  const magnitude = v128.and(halves, i16x8.splat(0x7fff));
  const normal = v128.and(i16x8.ge_s(magnitude, i16x8.splat(0x0400)), i16x8.le_s(magnitude, i16x8.splat(0x57ff)));
  return i16x8.all_true(v128.or(normal, i16x8.eq(magnitude, i16x8.splat(0))));
}

/** The short floats of eight simple halves. */
@inline
export function simple_halves_to_short_floats(halves: v128): v128 {
  const magnitude = v128.and(halves, i16x8.splat(0x7fff));
  return v128.andnot(i16x8.add(halves, i16x8.splat(10 << 10)), i16x8.eq(magnitude, i16x8.splat(0)));
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
