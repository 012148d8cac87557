// A module of its own, small enough to compile before every start: what the engine's 8-bit dot product does with bytes of 128
// and more is its own choice, and probe.ts asks it here.

/** Sum of the products of the four bytes of `a` (signed) and of `b`. */
export function relaxedDot(a: i32, b: i32): i32 {
  const dot = i32x4.relaxed_dot_i8x16_i7x16_add_s(i32x4.splat(a), i32x4.splat(b), i32x4.splat(0));
  return i32x4.extract_lane(dot, 0);
}

/** Calls it often, so that the engine compiles it as it does hot code. */
export function relaxedDotOften(a: i32, b: i32, times: i32): i32 {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += relaxedDot(a, b + i);
  return sum;
}
