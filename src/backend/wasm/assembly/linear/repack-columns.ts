// Weights to the layouts of plain numbers: for every column the 8 rows.

import { block_bytes, block_size, load_plain, unpack_block, unpacked_value } from '../dtype/index';
import { are_simple_halves, half_to_short_float, NO_SHORT_FLOAT, simple_halves_to_short_floats } from './short-float';
import { unpacked_rows } from './state';
import { transpose_8x8 } from './transpose';

/** Any dtype to f32. */
export function repack_f32(dtype: i32, source: usize, sourceRowBytes: usize, group: usize, rows: i32, columns: i32): i32 {
  if (rows < 8) memory.fill(group, 0, <usize>columns * 32);
  for (let row = 0; row < rows; row++) {
    repack_row_f32(dtype, source + <usize>row * sourceRowBytes, group + <usize>row * 4, columns);
  }
  return 0;
}

function repack_row_f32(dtype: i32, source: usize, out: usize, columns: i32): void {
  const size = block_size(dtype);
  const bytes = <usize>block_bytes(dtype);
  const unpacked = unpacked_rows();
  for (let column = 0; column < columns; column += size) {
    if (size > 1) unpack_block(dtype, source, unpacked);
    for (let i = 0; i < size; i++) {
      store<f32>(out, size == 1 ? load_plain(dtype, source) : unpacked_value(dtype, unpacked, i));
      out += 32;
    }
    source += bytes;
  }
}

/** Halves to short floats, or bfloat16 as it is. */
export function repack_u16(halves: bool, source: usize, sourceRowBytes: usize, group: usize, rows: i32, columns: i32): i32 {
  if (rows < 8) memory.fill(group, 0, <usize>columns * 16);
  const squares = rows == 8 ? columns & ~7 : 0;
  for (let column = 0; column < squares; column += 8) {
    const from = source + <usize>column * 2;
    const out = group + <usize>column * 16;
    if (halves) {
      if (repack_halves_8x8(from, sourceRowBytes, out)) return 1;
    } else {
      repack_8x8(from, sourceRowBytes, out);
    }
  }
  for (let row = 0; row < rows; row++) {
    let from = source + <usize>row * sourceRowBytes + <usize>squares * 2;
    let out = group + <usize>row * 2 + <usize>squares * 16;
    for (const end = from + <usize>(columns - squares) * 2; from < end; from += 2) {
      const bits = <u32>load<u16>(from);
      const stored = halves ? half_to_short_float(bits) : bits;
      if (stored == NO_SHORT_FLOAT) return 1;
      store<u16>(out, <u16>stored);
      out += 16;
    }
  }
  return 0;
}

@inline
function repack_8x8(source: usize, step: usize, out: usize): void {
  transpose_8x8(
    v128.load(source), v128.load(source + step), v128.load(source + 2 * step), v128.load(source + 3 * step),
    v128.load(source + 4 * step), v128.load(source + 5 * step), v128.load(source + 6 * step), v128.load(source + 7 * step), out,
  );
}

/** Each row's eight halves to short floats in scratch, all at once where they are simple; then the square to `out`. */
function repack_halves_8x8(source: usize, step: usize, out: usize): i32 {
  const square = unpacked_rows();
  for (let row: usize = 0; row < 8; row++) {
    const halves = v128.load(source + row * step);
    const to = square + row * 16;
    if (are_simple_halves(halves)) {
      v128.store(to, simple_halves_to_short_floats(halves));
      continue;
    }
    for (let column: usize = 0; column < 16; column += 2) {
      const stored = half_to_short_float(load<u16>(source + row * step + column));
      if (stored == NO_SHORT_FLOAT) return 1;
      store<u16>(to + column, <u16>stored);
    }
  }
  repack_8x8(square, 16, out);
  return 0;
}
