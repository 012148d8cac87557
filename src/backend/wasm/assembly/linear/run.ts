// Walks tiles of tokens and groups of rows: tokens outside, rows inside, so that a tile of activations stays in cache.

import { prepared_token_bytes, tile_size } from './forms';
import { run_kernel } from './kernels';
import { layout_form, layout_group_bytes } from './layouts';
import { scratch_memory } from './state';
import { store_rows } from './store-rows';

export function run_groups(
  layout: i32, weight: usize, rows: i32, columns: i32, firstGroup: i32, groups: i32,
  prepared: usize, tokens: i32, y: usize, yStride: i32, bias: usize, accumulate: i32,
): void {
  const bytes = layout_group_bytes(layout, columns);
  const form = layout_form(layout);
  const token_bytes = prepared_token_bytes(form, columns);
  const sums = scratch_memory();
  let token = 0;
  while (token < tokens) {
    const size = tile_size(form, tokens, token);
    const x = prepared + <usize>token * token_bytes;
    let group = firstGroup;
    if (size == 1) {
      const quarter = groups >> 2;
      for (const end = group + quarter; group < end; group++) {
        run_kernel(layout, 0, weight + <usize>group * bytes, <usize>quarter * bytes, x, columns, sums);
        for (let stream = 0; stream < 4; stream++) {
          store_group(group + stream * quarter, token, 1, sums + <usize>stream * 32, rows, y, yStride, bias, accumulate);
        }
      }
      group = firstGroup + 4 * quarter;
    }
    for (; group < firstGroup + groups; group++) {
      run_kernel(layout, size, weight + <usize>group * bytes, 0, x, columns, sums);
      store_group(group, token, size, sums, rows, y, yStride, bias, accumulate);
    }
    token += size;
  }
}

function store_group(
  group: i32, token: i32, size: i32, sums: usize, rows: i32, y: usize, yStride: i32, bias: usize, accumulate: i32,
): void {
  const row = <usize>group * 8;
  for (let t = 0; t < size; t++) {
    const at = y + ((<usize>(token + t) * <usize>yStride + row) << 2);
    store_rows(at, sums + <usize>t * 32, rows - <i32>row, bias ? bias + (row << 2) : 0, accumulate);
  }
}
