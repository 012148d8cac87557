// Weights to the layouts of plain numbers: for every column the 8 rows.

import { block_bytes, block_size, load_plain, unpack_block, unpacked_value } from '../dtype/index';
import { half_to_short_float, NO_SHORT_FLOAT } from './short-float';
import { unpacked_rows } from './state';

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
  let outside: u32 = 0;
  for (let row = 0; row < rows; row++) {
    let from = source + <usize>row * sourceRowBytes;
    let out = group + <usize>row * 2;
    for (const end = from + <usize>columns * 2; from < end; from += 2) {
      const bits = <u32>load<u16>(from);
      const stored = halves ? half_to_short_float(bits) : bits;
      store<u16>(out, <u16>stored);
      outside |= stored;
      out += 16;
    }
  }
  return outside & NO_SHORT_FLOAT ? 1 : 0;
}
