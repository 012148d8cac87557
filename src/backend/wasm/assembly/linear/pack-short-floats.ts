// Halves of 8 rows to the short floats of a block.

import { are_simple_halves, half_to_short_float, NO_SHORT_FLOAT, simple_halves_to_short_floats } from './short-float';

/** @param source the first row's half; rows lie `step` apart. @returns 1 where one of them has no short float */
@inline
export function pack_short_floats(source: usize, step: usize, out: usize): i32 {
  const halves = halves_of_rows(source, step);
  if (!are_simple_halves(halves)) return pack_odd_halves(source, step, out);
  v128.store(out, simple_halves_to_short_floats(halves));
  return 0;
}

@inline
function halves_of_rows(source: usize, step: usize): v128 {
  let halves = v128.load16_splat(source);
  halves = v128.load_lane<u16>(source + step, halves, 1);
  halves = v128.load_lane<u16>(source + 2 * step, halves, 2);
  halves = v128.load_lane<u16>(source + 3 * step, halves, 3);
  source += 4 * step;
  halves = v128.load_lane<u16>(source, halves, 4);
  halves = v128.load_lane<u16>(source + step, halves, 5);
  halves = v128.load_lane<u16>(source + 2 * step, halves, 6);
  return v128.load_lane<u16>(source + 3 * step, halves, 7);
}

/** Denormals among them, or numbers out of range. */
function pack_odd_halves(source: usize, step: usize, out: usize): i32 {
  let outside: u32 = 0;
  for (const end = out + 16; out < end; out += 2, source += step) {
    const stored = half_to_short_float(load<u16>(source));
    store<u16>(out, <u16>stored);
    outside |= stored;
  }
  return outside & NO_SHORT_FLOAT ? 1 : 0;
}
