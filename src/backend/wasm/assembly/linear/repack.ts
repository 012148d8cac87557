// Weights as they lie in a file to packed groups of 8 rows, and one packed row back to f32.

import { block_bytes, block_size, load_plain, unpack_block, unpacked_value } from '../dtype/index';
import { scratch_memory } from './state';

/** @returns 1 where a value is out of the layout's range */
export function repack_group(
  layout: i32, dtype: i32, source: usize, sourceRowBytes: usize, group: usize, rows: i32, columns: i32,
): i32 {
  for (let row = 0; row < 8; row++) {
    repack_row_f32(dtype, row < rows ? source + <usize>row * sourceRowBytes : 0, group + <usize>row * 4, columns);
  }
  return 0;
}

/** A row of any dtype as f32, 32 bytes apart; zeros where `source` is 0. */
function repack_row_f32(dtype: i32, source: usize, out: usize, columns: i32): void {
  const size = block_size(dtype);
  const bytes = <usize>block_bytes(dtype);
  const unpacked = scratch_memory();
  for (let column = 0; column < columns; column += size) {
    if (source && size > 1) unpack_block(dtype, source, unpacked);
    for (let i = 0; i < size; i++) {
      const value: f32 = !source ? <f32>0 : size == 1 ? load_plain(dtype, source) : unpacked_value(dtype, unpacked, i);
      store<f32>(out, value);
      out += 32;
    }
    if (source) source += bytes;
  }
}

export function dequantize_packed_row(layout: i32, group: usize, row: i32, columns: i32, out: usize): void {
  group += <usize>row * 4;
  for (let column = 0; column < columns; column++) {
    store<f32>(out, load<f32>(group));
    group += 32;
    out += 4;
  }
}
