// The dtypes a weight may come in, by their number in GGUF's tensor table (`ggml_type`).

import { half_to_float } from './half';
import { unpack_q2_k } from './q2_k';
import { unpack_q3_k } from './q3_k';
import { unpack_q4_0 } from './q4_0';
import { unpack_q4_1 } from './q4_1';
import { unpack_q4_k } from './q4_k';
import { unpack_q5_0 } from './q5_0';
import { unpack_q5_1 } from './q5_1';
import { unpack_q5_k } from './q5_k';
import { unpack_q6_k } from './q6_k';
import { unpack_q8_0 } from './q8_0';
import { GROUP_MINS, GROUP_SCALES, MIN, QUANTS, SCALE } from './unpacked';

export const F32 = 0;
export const F16 = 1;
export const Q4_0 = 2;
export const Q4_1 = 3;
export const Q5_0 = 6;
export const Q5_1 = 7;
export const Q8_0 = 8;
export const Q2_K = 10;
export const Q3_K = 11;
export const Q4_K = 12;
export const Q5_K = 13;
export const Q6_K = 14;
export const BF16 = 30;

/** Values in a block: 1, 32 or 256. */
export function block_size(dtype: i32): i32 {
  if (dtype == F32 || dtype == F16 || dtype == BF16) return 1;
  return dtype < Q2_K ? 32 : 256;
}

/** Bytes of a block in its file. */
export function block_bytes(dtype: i32): i32 {
  switch (dtype) {
    case F32: return 4;
    case Q4_0: return 18;
    case Q4_1: return 20;
    case Q5_0: return 22;
    case Q5_1: return 24;
    case Q8_0: return 34;
    case Q2_K: return 84;
    case Q3_K: return 110;
    case Q4_K: return 144;
    case Q5_K: return 176;
    case Q6_K: return 210;
    default: return 2;
  }
}

/** The quant that stands for 0 where a dtype has one. */
export function zero_quant(dtype: i32): i32 {
  if (dtype == Q4_0) return 8;
  if (dtype == Q8_0 || dtype == Q5_0) return 128;
  return dtype == Q6_K ? 32 : 0;
}

/** One quantised block to the form of `unpacked.ts`. */
export function unpack_block(dtype: i32, block: usize, out: usize): void {
  switch (dtype) {
    case Q4_0: return unpack_q4_0(block, out);
    case Q4_1: return unpack_q4_1(block, out);
    case Q5_0: return unpack_q5_0(block, out);
    case Q5_1: return unpack_q5_1(block, out);
    case Q8_0: return unpack_q8_0(block, out);
    case Q2_K: return unpack_q2_k(block, out);
    case Q3_K: return unpack_q3_k(block, out);
    case Q4_K: return unpack_q4_k(block, out);
    case Q5_K: return unpack_q5_k(block, out);
    case Q6_K: return unpack_q6_k(block, out);
    default: return unreachable();
  }
}

/** One plain number as f32. */
@inline
export function load_plain(dtype: i32, at: usize): f32 {
  if (dtype == F32) return load<f32>(at);
  const bits = <u32>load<u16>(at);
  return dtype == F16 ? half_to_float(bits) : reinterpret<f32>(bits << 16);
}

/** The f32 of value `i` of an unpacked block, rounded as ggml rounds it. */
export function unpacked_value(dtype: i32, unpacked: usize, i: usize): f32 {
  const quant = <f32>(<i32>load<u8>(unpacked + i, QUANTS) - zero_quant(dtype));
  const scale = load<f32>(unpacked, SCALE);
  const min = load<f32>(unpacked, MIN);
  if (block_size(dtype) == 32) return scale * quant + min;
  const group = i >> (dtype == Q4_K || dtype == Q5_K ? 5 : 4);
  const step = scale * <f32>load<i8>(unpacked + group, GROUP_SCALES);
  return step * quant - min * <f32>load<i8>(unpacked + group, GROUP_MINS);
}
