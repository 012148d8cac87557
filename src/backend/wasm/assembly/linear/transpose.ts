// Squares of rows to columns, in registers.

/** Four rows of four i32: column i goes to `out` + i · step. */
@inline
export function transpose_4x4(r0: v128, r1: v128, r2: v128, r3: v128, out: usize, step: usize): void {
  const a = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7), d = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<i64>(a, b, 0, 2));
  v128.store(out + step, v128.shuffle<i64>(a, b, 1, 3));
  v128.store(out + 2 * step, v128.shuffle<i64>(c, d, 0, 2));
  v128.store(out + 3 * step, v128.shuffle<i64>(c, d, 1, 3));
}

/** Eight rows of eight u16: column i goes to `out` + 16 i. */
@inline
export function transpose_8x8(
  r0: v128, r1: v128, r2: v128, r3: v128, r4: v128, r5: v128, r6: v128, r7: v128, out: usize,
): void {
  // Pairs of rows zipped: each i32 holds one column of two rows.
  const a = zip_low(r0, r1), b = zip_low(r2, r3), c = zip_low(r4, r5), d = zip_low(r6, r7);
  const e = zip_high(r0, r1), f = zip_high(r2, r3), g = zip_high(r4, r5), h = zip_high(r6, r7);
  transpose_4x4(a, b, c, d, out, 16);
  transpose_4x4(e, f, g, h, out + 64, 16);
}

@inline
function zip_low(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}

@inline
function zip_high(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
