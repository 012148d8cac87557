// One float's bits, seen as a number and as an integer: JavaScript's way to reinterpret them without allocating.
const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

const F16_INFINITY = 0x7c00;
const F16_QUIET_NAN = 0x7e00;

/** The number that half-precision bits stand for: exact, denormals, infinities and NaN included. IEEE 754-2019 §3.6. */
export function f16ToNumber(half: number): number {
  if ((half & F16_INFINITY) === F16_INFINITY) {
    if (half & 0x3ff) return Number.NaN;
    return half & 0x8000 ? -Infinity : Infinity;
  }
  // Shifted into a float's place, the exponent is 112 too small; the product is exact for denormals too.
  bits[0] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
  return float[0]! * 2 ** 112;
}

/** The half-precision bits nearest to `value` (which is rounded to f32 first), ties to even. */
export function numberToF16(value: number): number {
  float[0] = value;
  const sign = (bits[0]! >>> 16) & 0x8000;
  const magnitude = bits[0]! & 0x7fffffff;

  if (magnitude > 0x7f800000) return sign | F16_QUIET_NAN;
  if (magnitude >= 0x477ff000) return sign | F16_INFINITY; // 65520 and above round to infinity
  if (magnitude < 0x38800000) {
    // Below 2^-14: adding 0.5 puts the last bit of a half at the last bit of the float, which rounds for us.
    float[0] = Math.abs(float[0]) + 0.5;
    return sign | (bits[0]! - 0x3f000000);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** The number that a bfloat16 bit pattern stands for: the upper half of a float. */
export function bf16ToNumber(half: number): number {
  bits[0] = half << 16;
  return float[0]!;
}

/** The bfloat16 bits nearest to `value` (which is rounded to f32 first), ties to even. */
export function numberToBf16(value: number): number {
  float[0] = value;
  const all = bits[0]!;
  if ((all & 0x7fffffff) > 0x7f800000) return (all >>> 16) | 64; // a NaN stays one, and becomes quiet
  return (all + 0x7fff + ((all >>> 16) & 1)) >>> 16;
}

/** The f16 stored little-endian at `offset`. */
export function readF16(bytes: Uint8Array, offset: number): number {
  return f16ToNumber(bytes[offset]! | (bytes[offset + 1]! << 8));
}

/** Stores `value` as f16, little-endian, at `offset`. */
export function writeF16(bytes: Uint8Array, offset: number, value: number): void {
  const half = numberToF16(value);
  bytes[offset] = half;
  bytes[offset + 1] = half >>> 8;
}
