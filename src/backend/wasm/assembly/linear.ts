// linear: y = x Wᵀ (+ bias), the matrix products of the engine. This file is the whole boundary of linear/ and dtype/.
//
//   weight      packed by repack_rows: rows padded to a multiple of 8, in groups of 8 rows that lie one after another,
//               each group_bytes(layout, columns) long; 64-byte aligned. src/backend/wasm/layouts.ts has the same arithmetic.
//   dtype       number of the source's format in GGUF's tensor table (ggml_type): F32 0, F16 1, BF16 30, Q4_0 2, ...
//   layout      number from layouts.ts
//   form        what a layout's kernels want activations to look like; weights of equal form share one prepared buffer
//   strides     in f32 elements, between tokens
//   threads     every function writes only what its range names, and so ranges may be shared out among threads freely
//   order       the bits of y[t, r] depend on row r and token t alone: not on the range, nor on how many tokens there are
//   alignment   x, y, bias 4 bytes; prepared 16 bytes; weight 64 bytes

import { block_bytes, block_size } from './dtype/index';
import { dequantize_packed_row } from './linear/dequantize';
import { prepared_token_bytes } from './linear/forms';
import { layout_form, layout_group_bytes } from './linear/layouts';
import { prepare_token } from './linear/prepare';
import { repack_group } from './linear/repack';
import { run_groups } from './linear/run';
import { set_kernel_set, set_scratch, set_wide, SCRATCH_BYTES } from './linear/state';

/** Bytes of scratch memory each thread has to give to `init_linear`. */
export function linear_scratch_bytes(): i32 {
  return SCRATCH_BYTES;
}

/**
 * Once per instance (so once per worker), before anything else.
 *
 * @param kernel_set 0 i16, 1 relaxed-pairs, 2 relaxed-dot with unsigned bytes, 3 relaxed-dot with signed bytes; the
 *   `simd` build has 0 alone. The same in all instances that share a memory: packed weights depend on it.
 * @param scratch `linear_scratch_bytes` of this thread's own, 64-byte aligned
 * @param wide 1 where the engine fuses pairs of vectors; the same in all instances too. It changes no bit of a result.
 */
export function init_linear(kernel_set: i32, scratch: usize, wide: i32): void {
  set_kernel_set(kernel_set);
  set_wide(wide);
  set_scratch(scratch);
}

/** Bytes of one packed group of 8 rows. */
export function group_bytes(layout: i32, columns: i32): usize {
  return layout_group_bytes(layout, columns);
}

/**
 * Packs groups [firstGroup, firstGroup + groups) of a weight.
 *
 * @param source row 8 · firstGroup as it lies in the file; rows `sourceRowBytes` apart; rows beyond `rows` are not read
 * @param weight start of the whole packed weight
 * @returns 0; or 1 where a value is out of the layout's range (|scale| ≥ 128, infinities): the weight has to be packed
 *   again, from its first group, in the layout that `weightLayout(dtype, rows, columns, { wide: true })` names
 */
export function repack_rows(
  layout: i32, dtype: i32, source: usize, sourceRowBytes: usize, weight: usize, rows: i32, columns: i32, firstGroup: i32, groups: i32,
): i32 {
  const bytes = layout_group_bytes(layout, columns);
  let outside = 0;
  for (let group = firstGroup; group < firstGroup + groups; group++) {
    outside |= repack_group(layout, dtype, source, sourceRowBytes, weight + <usize>group * bytes, min(8, rows - group * 8), columns);
    source += 8 * sourceRowBytes;
  }
  return outside;
}

/** Writes row `row` of a packed weight as f32 [columns] to `out`. */
export function dequantize_row(layout: i32, weight: usize, rows: i32, columns: i32, row: i32, out: usize): void {
  const group = weight + <usize>(row >> 3) * layout_group_bytes(layout, columns);
  dequantize_packed_row(layout, group, row & 7, columns, out);
}

/** The form of activations that a layout's kernels read, under this kernel set. */
export function form_of(layout: i32): i32 {
  return layout_form(layout);
}

/** Bytes of `tokens` prepared activations. */
export function prepared_bytes(form: i32, tokens: i32, columns: i32): usize {
  return <usize>tokens * prepared_token_bytes(form, columns);
}

/**
 * Brings activations of tokens [firstToken, firstToken + count) of `tokens` into a form. Where a token lies depends on
 * `tokens`, so pass the same number to `linear_groups`.
 *
 * @param x token 0; f32 [tokens, columns] at `xStride`
 * @param out start of the whole prepared buffer
 */
export function prepare_tokens(
  form: i32, x: usize, xStride: i32, columns: i32, tokens: i32, firstToken: i32, count: i32, out: usize,
): void {
  for (let token = firstToken; token < firstToken + count; token++) {
    prepare_token(form, x + (<usize>token * <usize>xStride << 2), columns, tokens, token, out);
  }
}

/**
 * y[t, row] of all `tokens` for the rows of groups [firstGroup, firstGroup + groups); padded rows are not written.
 *
 * @param y start of the whole output: y[t · yStride + row]
 * @param bias f32 [rows], or 0
 * @param accumulate 0: y = x Wᵀ + bias; 1: y += x Wᵀ + bias
 */
export function linear_groups(
  layout: i32, weight: usize, rows: i32, columns: i32, firstGroup: i32, groups: i32,
  prepared: usize, tokens: i32, y: usize, yStride: i32, bias: usize, accumulate: i32,
): void {
  run_groups(layout, weight, rows, columns, firstGroup, groups, prepared, tokens, y, yStride, bias, accumulate);
}

/** Bytes of a row of `columns` values as it lies in its file. */
export function source_row_bytes(dtype: i32, columns: i32): usize {
  return <usize>(columns / block_size(dtype)) * <usize>block_bytes(dtype);
}
