// IEEE 754 halves, in vectors of four.

// Four lanes each: the engine rebuilds a constant vector at every use, and loads one in a single instruction.
const TABLE = memory.data<u32>([
  0x8fffe000, 0x8fffe000, 0x8fffe000, 0x8fffe000, // sign, exponent and mantissa of a half shifted into a float's place
  0x77800000, 0x77800000, 0x77800000, 0x77800000, // 2^112, the difference of their exponents
]);

/** Four finite halves, each sign-extended to 32 bits, as floats: exactly, denormals included. */
// @ts-ignore: decorator
@inline
export function widenHalves(halves: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shl(halves, 13), v128.load(TABLE)), v128.load(TABLE, 16));
}

/** The largest half. */
const LARGEST: f32 = 65504;

/** The half nearest to `value`, ties to even; the largest one for what is beyond it, so that one key cannot make all of NaN. */
export function narrowToHalf(value: f32): u16 {
  const clamped = min<f32>(max<f32>(value, -LARGEST), LARGEST);
  const bits = reinterpret<u32>(clamped);
  const sign = (bits >> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  // Below 2^-14: adding 0.5 puts the last bit of a half at the last bit of the float, which rounds for us.
  if (magnitude < 0x38800000) return <u16>(sign | (reinterpret<u32>(reinterpret<f32>(magnitude) + 0.5) - 0x3f000000));
  const rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return <u16>(sign | ((rounded - 0x38000000) >> 13));
}
