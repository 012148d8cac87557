// Weights as they lie in a file to one packed group of 8 rows; missing rows become zeros.

import { F16, Q8_0, unpack_block, block_bytes, block_size } from '../dtype/index';
import { GROUP_MINS, GROUP_SCALES, MIN, QUANTS, SCALE, UNPACKED_BYTES } from '../dtype/unpacked';
import {
  BF16_COLUMNS, BYTES, F16_COLUMNS, F32_COLUMNS, has_chunk_pairs, has_halves, has_min, head_bytes, is_nibbles, K_NIBBLES, K_SIX_BITS, NIBBLES,
  NIBBLES_MIN, quant_bytes, scale_bytes, six_bit_scale, stored_offset, subtracts,
} from './layouts';
import { pack_bytes, pack_nibble_pairs, pack_nibbles, pack_six_bits, take_halves_in_turn } from './pack';
import { repack_f32, repack_u16 } from './repack-columns';
import { repack_q4, repack_q8_0 } from './repack-short-blocks';
import { half_to_short_float, NO_SHORT_FLOAT } from './short-float';
import { kernel_set, PAIRS, scratch_memory, unpacked_rows } from './state';

/** @returns 1 where a value is out of the layout's range */
export function repack_group(
  layout: i32, dtype: i32, source: usize, sourceRowBytes: usize, group: usize, rows: i32, columns: i32,
): i32 {
  if (layout == F32_COLUMNS) return repack_f32(dtype, source, sourceRowBytes, group, rows, columns);
  if (layout == F16_COLUMNS || layout == BF16_COLUMNS) {
    return repack_u16(dtype == F16, source, sourceRowBytes, group, rows, columns);
  }
  if (rows == 8 && layout == BYTES && dtype == Q8_0) return repack_q8_0(layout, source, sourceRowBytes, group, columns);
  if (rows == 8 && (layout == NIBBLES || layout == NIBBLES_MIN)) return repack_q4(layout, source, sourceRowBytes, group, columns);
  return repack_blocks(layout, dtype, source, sourceRowBytes, group, rows, columns);
}

function repack_blocks(
  layout: i32, dtype: i32, source: usize, sourceRowBytes: usize, group: usize, rows: i32, columns: i32,
): i32 {
  const size = block_size(dtype);
  const bytes = <usize>block_bytes(dtype);
  const unpacked = unpacked_rows();
  memory.fill(unpacked, 0, 8 * UNPACKED_BYTES);
  let outside = 0;
  for (let column = 0; column < columns; column += size) {
    for (let row = 0; row < rows; row++) {
      unpack_block(dtype, source + <usize>row * sourceRowBytes, unpacked + <usize>row * UNPACKED_BYTES);
    }
    source += bytes;
    const head = group;
    if (layout >= K_NIBBLES) pack_head(layout, unpacked, head);
    group += head_bytes(layout);
    for (let block = 0; block < size >> 5; block++) {
      if (layout >= K_NIBBLES) pack_group_scales(layout, unpacked, block, group);
      else outside |= pack_scales(layout, dtype, source - bytes, sourceRowBytes, rows, group);
      group += scale_bytes(layout);
      pack_quants(layout, unpacked + QUANTS + <usize>(block * 32), group);
      group += quant_bytes(layout);
    }
  }
  return outside;
}

/** The halves that a block of 32 begins with: its scale and, where the layout has one, its minimum. */
function pack_scales(layout: i32, dtype: i32, source: usize, sourceRowBytes: usize, rows: i32, out: usize): i32 {
  let outside = 0;
  for (let row: usize = 0; row < 8; row++) {
    const at = source + row * sourceRowBytes;
    const scale = row < <usize>rows ? half_to_short_float(load<u16>(at)) : 0;
    store<u16>(out + row * 2, <u16>scale);
    outside |= scale;
    if (!has_min(layout)) continue;
    const min = row < <usize>rows ? half_to_short_float(load<u16>(at, 2)) : 0;
    store<u16>(out + row * 2, <u16>min, 16);
    outside |= min;
  }
  return outside & NO_SHORT_FLOAT ? 1 : 0;
}

/** Scales, those of rows 4..7 divided by 16 where the layout subtracts, and negated minima. */
function pack_head(layout: i32, unpacked: usize, out: usize): void {
  for (let row: usize = 0; row < 8; row++) {
    const from = unpacked + row * UNPACKED_BYTES;
    const scale = load<f32>(from, SCALE);
    store<f32>(out + row * 4, row >= 4 && subtracts(layout, kernel_set()) ? scale / 16 : scale);
    if (layout != K_SIX_BITS) store<f32>(out + row * 4, -load<f32>(from, MIN), 32);
  }
}

function pack_group_scales(layout: i32, unpacked: usize, block: i32, out: usize): void {
  const halves = has_halves(layout) ? 2 : 1;
  const mins = <usize>(8 * halves);
  for (let half = 0; half < halves; half++) {
    const group = <usize>(block * halves + half);
    for (let row: usize = 0; row < 8; row++) {
      const from = unpacked + row * UNPACKED_BYTES + group;
      const scale = load<u8>(from, GROUP_SCALES);
      if (layout == K_SIX_BITS) {
        store<u8>(out + six_bit_scale(row, half), scale);
        continue;
      }
      store<u8>(out + <usize>(8 * half) + row, scale);
      store<u8>(out + <usize>(8 * half) + mins + row, load<u8>(from, GROUP_MINS));
    }
  }
}

function pack_quants(layout: i32, quants: usize, out: usize): void {
  const offset = stored_offset(layout);
  if (has_chunk_pairs(layout)) return pack_nibble_pairs(quants, out);
  if (is_nibbles(layout)) return pack_nibbles(quants, out, offset);
  if (layout == BYTES) return pack_bytes(quants, out, offset);
  if (layout == K_SIX_BITS && kernel_set() == PAIRS) take_halves_in_turn(quants);
  pack_six_bits(quants, out, scratch_memory());
}
