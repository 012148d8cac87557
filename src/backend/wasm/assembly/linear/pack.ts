// 32 columns of 8 unpacked rows, a byte each, to the quants of one packed block (layouts.ts). `quants` is the first byte of
// row 0; rows lie UNPACKED_BYTES apart.

import { UNPACKED_BYTES } from '../dtype/unpacked';
import { halves_in_turn } from './forms';
import { transpose_4x4 } from './transpose';

const ROW = UNPACKED_BYTES;

/** Quants 0..15; `offset` is exclusive-ored to every byte. */
export function pack_nibbles(quants: usize, out: usize, offset: i32): void {
  const flip = i8x16.splat(<i8>offset);
  for (let column: usize = 0; column < 32; column += 16) {
    const from = quants + column;
    transpose_4x4(
      v128.xor(both_nibbles(from), flip),
      v128.xor(both_nibbles(from + ROW), flip),
      v128.xor(both_nibbles(from + 2 * ROW), flip),
      v128.xor(both_nibbles(from + 3 * ROW), flip),
      out + 4 * column,
      16,
    );
  }
}

/** Quants 0..15 as the pairs set reads them. */
export function pack_nibble_pairs(quants: usize, out: usize): void {
  for (let column: usize = 0; column < 32; column += 16) {
    for (let rows: usize = 0; rows < 2; rows++) {
      const from = quants + column + rows * (4 * ROW);
      pair_chunks(
        v128.load(from), v128.load(from + ROW), v128.load(from + 2 * ROW), v128.load(from + 3 * ROW), out + 4 * column + 16 * rows,
      );
    }
  }
}

/** 16 columns of 4 rows, a byte 0..15 each: even chunks become low nibbles and odd ones high nibbles of `out` and of `out` + 32. */
@inline
export function pair_chunks(r0: v128, r1: v128, r2: v128, r3: v128, out: usize): void {
  const a = v128.shuffle<i32>(both_chunks(r0), both_chunks(r1), 0, 4, 2, 6);
  const b = v128.shuffle<i32>(both_chunks(r2), both_chunks(r3), 0, 4, 2, 6);
  v128.store(out, v128.shuffle<i64>(a, b, 0, 2));
  v128.store(out, v128.shuffle<i64>(a, b, 1, 3), 32);
}

/** In the lower half of each i64: its lower four bytes, with the upper four as high nibbles. */
@inline
function both_chunks(row: v128): v128 {
  return v128.or(row, i64x2.shr_u(row, 28));
}

/** 16 columns of this row in the low nibbles, of the row four further on in the high ones. */
@inline
function both_nibbles(row: usize): v128 {
  const mask = i8x16.splat(15);
  const low = v128.and(v128.load(row), mask);
  return v128.or(low, i16x8.shl(v128.and(v128.load(row + 4 * ROW), mask), 4));
}

/** Quants as they are; `offset` is exclusive-ored with the 0x80 that q8_0's carry. */
export function pack_bytes(quants: usize, out: usize, offset: i32): void {
  const flip = i8x16.splat(<i8>offset);
  for (let column: usize = 0; column < 32; column += 16) {
    for (let rows: usize = 0; rows < 2; rows++) {
      const from = quants + column + rows * (4 * ROW);
      transpose_4x4(
        v128.xor(v128.load(from), flip),
        v128.xor(v128.load(from + ROW), flip),
        v128.xor(v128.load(from + 2 * ROW), flip),
        v128.xor(v128.load(from + 3 * ROW), flip),
        out + 8 * column + 16 * rows,
        32,
      );
    }
  }
}

/** Columns of all rows to the order of the pairs set. */
export function take_halves_in_turn(quants: usize): void {
  for (const end = quants + 8 * ROW; quants < end; quants += ROW) {
    const first = v128.load(quants), second = v128.load(quants, 16);
    v128.store(quants, halves_in_turn(first, second, 0));
    v128.store(quants, halves_in_turn(first, second, 8), 16);
  }
}

/** Quants 0..63. `square`: 64 bytes of scratch. */
export function pack_six_bits(quants: usize, out: usize, square: usize): void {
  const low = i8x16.splat(3), middle = i8x16.splat(12), high = i8x16.splat(48);
  for (let column: usize = 0; column < 32; column += 16) {
    for (let rows: usize = 0; rows < 2; rows++) {
      const from = quants + column + rows * (4 * ROW);
      const to = out + 6 * column + 16 * rows;
      transpose_4x4(v128.load(from), v128.load(from + ROW), v128.load(from + 2 * ROW), v128.load(from + 3 * ROW), square, 16);
      const fourth = v128.load(square, 48);
      v128.store(to, v128.or(v128.load(square), i16x8.shl(v128.and(fourth, high), 2)));
      v128.store(to, v128.or(v128.load(square, 16), i16x8.shl(v128.and(fourth, middle), 4)), 32);
      v128.store(to, v128.or(v128.load(square, 32), i16x8.shl(v128.and(fourth, low), 6)), 64);
    }
  }
}
