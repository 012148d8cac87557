// One row of a packed group back to f32, as ggml decodes it. For embeddings: a row is read once, so plain is fast enough.

import {
  BF16_COLUMNS, BYTES, F32_COLUMNS, has_chunk_pairs, has_halves, has_min, head_bytes, is_nibbles, is_six_bits, K_NIBBLES, K_SIX_BITS,
  NIBBLES, quant_bytes, scale_bytes, six_bit_column, six_bit_scale, stored_offset, subtracts,
} from './layouts';
import { short_float_to_f32 } from './short-float';
import { kernel_set } from './state';

export function dequantize_packed_row(layout: i32, group: usize, row: i32, columns: i32, out: usize): void {
  if (layout < NIBBLES) return dequantize_columns(layout, group, row, columns, out);
  let head = group;
  for (let block = 0; block < columns >> 5; block++) {
    if ((block & 7) == 0) {
      head = group;
      group += head_bytes(layout);
    }
    dequantize_block(layout, head, group, row, out);
    group += scale_bytes(layout) + quant_bytes(layout);
    out += 128;
  }
}

function dequantize_columns(layout: i32, group: usize, row: i32, columns: i32, out: usize): void {
  const wide = layout == F32_COLUMNS;
  group += <usize>row * (wide ? 4 : 2);
  for (const end = out + (<usize>columns << 2); out < end; out += 4) {
    if (wide) store<f32>(out, load<f32>(group));
    else if (layout == BF16_COLUMNS) store<u32>(out, <u32>load<u16>(group) << 16);
    else store<f32>(out, short_float_to_f32(load<u16>(group)));
    group += wide ? 32 : 16;
  }
}

function dequantize_block(layout: i32, head: usize, block: usize, row: i32, out: usize): void {
  const quants = block + scale_bytes(layout);
  const zero = zero_of(layout);
  const offset = stored_offset(layout);
  for (let column = 0; column < 32; column++) {
    const half = has_halves(layout) ? column >> 4 : 0;
    const quant = <f32>(packed_quant(layout, quants, row, column, offset) - zero);
    store<f32>(out, packed_scale(layout, head, block, row, half) * quant + packed_min(layout, head, block, row, half));
    out += 4;
  }
}

function zero_of(layout: i32): i32 {
  if (layout == NIBBLES) return 8;
  if (layout == BYTES) return 128;
  return layout == K_SIX_BITS ? 32 : 0;
}

function packed_quant(layout: i32, quants: usize, row: i32, column: i32, offset: i32): i32 {
  if (layout == K_SIX_BITS) column = six_bit_column(column);
  const chunk = column >> 2;
  const low_row = ((row & 3) << 2) + (column & 3);
  if (has_chunk_pairs(layout)) {
    const both = <i32>load<u8>(quants + <usize>(32 * (chunk >> 1) + (row < 4 ? 0 : 16) + low_row));
    return chunk & 1 ? both >> 4 : both & 15;
  }
  if (is_nibbles(layout)) {
    const byte = <i32>load<u8>(quants + <usize>(16 * chunk + low_row)) ^ offset;
    return row < 4 ? byte & 15 : byte >> 4;
  }
  const at = (row < 4 ? 0 : 16) + low_row;
  if (is_six_bits(layout)) return six_bit_quant(quants + <usize>(96 * (column >> 4) + at), chunk & 3);
  return <i32>load<u8>(quants + <usize>(32 * chunk + at)) ^ offset;
}

/** `first`: the byte of chunk 0. */
function six_bit_quant(first: usize, chunk: i32): i32 {
  if (chunk < 3) return <i32>load<u8>(first + <usize>(32 * chunk)) & 63;
  return ((<i32>load<u8>(first) >> 6) << 4) | ((<i32>load<u8>(first, 32) >> 6) << 2) | (<i32>load<u8>(first, 64) >> 6);
}

function packed_scale(layout: i32, head: usize, block: usize, row: i32, half: i32): f32 {
  if (layout < K_NIBBLES) return short_float_to_f32(load<u16>(block + <usize>row * 2));
  const scale = load<f32>(head + <usize>row * 4);
  if (layout == K_SIX_BITS) return scale * <f32>load<i8>(block + six_bit_scale(<usize>row, half));
  const whole = row >= 4 && subtracts(layout, kernel_set()) ? scale * 16 : scale;
  return whole * <f32>load<i8>(block + <usize>(8 * half + row));
}

/** What is added to scale · quant. */
function packed_min(layout: i32, head: usize, block: usize, row: i32, half: i32): f32 {
  if (!has_min(layout) || layout == K_SIX_BITS) return 0;
  if (layout < K_NIBBLES) return short_float_to_f32(load<u16>(block + <usize>row * 2, 16));
  return load<f32>(head + <usize>row * 4, 32) * <f32>load<i8>(block + <usize>(8 * half + row + (has_halves(layout) ? 16 : 8)));
}
