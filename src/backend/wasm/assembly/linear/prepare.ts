// prepare_token: one token's activations, f32 [columns], to the form a kernel reads (forms.ts)
//
//   d          max |x| / levels of 32 columns; 0 where max |x| is below 1e-33
//   integers   x · (levels / max |x|), rounded to nearest, ties to even: -levels..levels
//   levels     127 as i8, 127 · 256 as i16: the wider form costs nothing more, and is 256 times closer

import {
  data_bytes, FLOATS, halves_in_turn, HEADER, I16_SUMS, I16_ZEROS, I8_HALVES, I8_SUMS, I8_ZEROS, prepared_token_bytes, tile_of, tile_size, tile_start,
} from './forms';
import { DOT_SIGNED, kernel_set, PAIRS } from './state';

/** Below this, levels / max |x| would not be finite. */
const SMALLEST: f32 = 1e-33;

/** 1.5 · 2^23: added to |v| < 2^22 it leaves v, rounded, in the low bits. */
const ROUNDER: f32 = 12582912;
const ROUNDER_BITS: i32 = 0x4b400000;

export function prepare_token(form: i32, x: usize, columns: i32, tokens: i32, token: i32, out: usize): void {
  const index = tile_of(form, tokens, token);
  const start = tile_start(form, tokens, index);
  const size = <usize>tile_size(form, tokens, index);
  const place = <usize>(token - start);
  const tile = out + <usize>start * prepared_token_bytes(form, columns);
  if (form == FLOATS) return prepare_floats(x, columns, tile + place * 4, size * 4);
  let header = tile + place * HEADER;
  let data = tile + size * HEADER + place * data_bytes(form);
  const step = size * (HEADER + data_bytes(form));
  for (const end = x + (<usize>columns << 2); x < end; x += 128) {
    quantize_block(form, x, header, data);
    header += step;
    data += step;
  }
}

function prepare_floats(x: usize, columns: i32, out: usize, step: usize): void {
  for (const end = x + (<usize>columns << 2); x < end; x += 4) {
    store<f32>(out, load<f32>(x));
    out += step;
  }
}

function quantize_block(form: i32, x: usize, header: usize, data: usize): void {
  let largest = f32x4.abs(v128.load(x));
  for (let i: usize = 16; i < 128; i += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(x + i)));
  const max = max_of_lanes(largest);
  const empty = max < SMALLEST;
  const levels: f32 = form >= I16_ZEROS ? 127 * 256 : 127;
  const d = empty ? <f32>0 : max / levels;
  const inverse = f32x4.splat(empty ? <f32>0 : levels / max);

  const i0 = rounded(v128.load(x), inverse), i1 = rounded(v128.load(x, 16), inverse);
  const i2 = rounded(v128.load(x, 32), inverse), i3 = rounded(v128.load(x, 48), inverse);
  const i4 = rounded(v128.load(x, 64), inverse), i5 = rounded(v128.load(x, 80), inverse);
  const i6 = rounded(v128.load(x, 96), inverse), i7 = rounded(v128.load(x, 112), inverse);
  const first = i32x4.add(i32x4.add(i0, i1), i32x4.add(i2, i3));
  const second = i32x4.add(i32x4.add(i4, i5), i32x4.add(i6, i7));

  store<f32>(header, d);
  if (form == I8_SUMS || form == I16_SUMS) store_sums(header, d, sum_of_lanes(first), sum_of_lanes(second));
  else if (form == I8_HALVES) store_halves(header, i32x4.add(i0, i1), i32x4.add(i2, i3), i32x4.add(i4, i5), i32x4.add(i6, i7));
  else store_zeros(form, header, i32x4.add(first, second));

  if (form < I16_ZEROS) {
    const low = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(i0, i1), i16x8.narrow_i32x4_s(i2, i3));
    const high = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(i4, i5), i16x8.narrow_i32x4_s(i6, i7));
    const in_turn = form == I8_HALVES;
    v128.store(data, in_turn ? halves_in_turn(low, high, 0) : low);
    v128.store(data, in_turn ? halves_in_turn(low, high, 8) : high, 16);
  } else {
    v128.store(data, even_odd(i16x8.narrow_i32x4_s(i0, i1)));
    v128.store(data, even_odd(i16x8.narrow_i32x4_s(i2, i3)), 16);
    v128.store(data, even_odd(i16x8.narrow_i32x4_s(i4, i5)), 32);
    v128.store(data, even_odd(i16x8.narrow_i32x4_s(i6, i7)), 48);
  }
}

@inline
function store_sums(header: usize, d: f32, first: i32, second: i32): void {
  store<i32>(header, kernel_set() == DOT_SIGNED ? 128 * (first + second) : 0, 4);
  store<f32>(header, d * <f32>first, 8);
  store<f32>(header, d * <f32>second, 12);
}

/** `sums` by column mod 4. */
@inline
function store_zeros(form: i32, header: usize, sums: v128): void {
  const sum = sum_of_lanes(sums);
  if (form == I8_ZEROS && kernel_set() == PAIRS) {
    const even = -8 * (i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1));
    const odd = -8 * (i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3));
    store<i32>(header, two_i16(even, odd), 4);
    store<i64>(header, 0, 8);
    return;
  }
  const signed = form == I8_ZEROS && kernel_set() == DOT_SIGNED;
  store<i32>(header, -8 * sum, 4);
  store<i32>(header, (signed ? -8 : -136) * sum, 8);
  store<i32>(header, signed ? 0 : -128 * sum, 12);
}

/** `a` .. `d`: sums of columns 0..7, 8..15, 16..23 and 24..31. */
@inline
function store_halves(header: usize, a: v128, b: v128, c: v128, d: v128): void {
  store<i32>(header, two_i16(-32 * sum_of_lanes(a), -32 * sum_of_lanes(c)), 4);
  store<i32>(header, two_i16(-32 * sum_of_lanes(b), -32 * sum_of_lanes(d)), 8);
  store<i32>(header, 0, 12);
}

/** Sums of pairs start at such, and wrap on their way to a total that fits. */
@inline
function two_i16(low: i32, high: i32): i32 {
  return (low & 0xffff) | (high << 16);
}

@inline
function rounded(values: v128, inverse: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(values, inverse), f32x4.splat(ROUNDER)), i32x4.splat(ROUNDER_BITS));
}

/** Columns 0 1 2 3 of every four to 0 2 1 3. */
@inline
function even_odd(values: v128): v128 {
  return i8x16.shuffle(values, values, 0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15);
}

@inline
function max_of_lanes(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

@inline
function sum_of_lanes(v: v128): i32 {
  return (
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + (i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3))
  );
}
