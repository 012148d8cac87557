// half_to_float: the f32 of an IEEE 754 half, exactly: zeros, denormals, infinities and NaN included

export function half_to_float(half: u32): f32 {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const mantissa = half & 1023;
  if (exponent == 31) return reinterpret<f32>(sign | 0x7f800000 | (mantissa << 13));
  if (exponent == 0) return (sign ? -1.0 : 1.0) * <f32>mantissa * reinterpret<f32>(0x33800000); // mantissa · 2^-24
  return reinterpret<f32>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}
