// Walks tiles of tokens and groups of rows: tokens outside, rows inside, so that a tile of activations stays in cache.

import { tile_size } from './forms';
import { layout_form, layout_group_bytes } from './layouts';
import { madd } from './ops';
import { prepared_token_bytes } from './prepare';
import { scratch_memory } from './state';
import { store_rows } from './store-rows';

export function run_groups(
  layout: i32, weight: usize, rows: i32, columns: i32, firstGroup: i32, groups: i32,
  prepared: usize, tokens: i32, y: usize, yStride: i32, bias: usize, accumulate: i32,
): void {
  const bytes = layout_group_bytes(layout, columns);
  const token_bytes = prepared_token_bytes(layout_form(layout), columns);
  for (let token = 0; token < tokens; ) {
    const size = tile_size(tokens, token);
    for (let group = firstGroup; group < firstGroup + groups; group++) {
      const at = y + ((<usize>token * <usize>yStride + <usize>group * 8) << 2);
      const group_bias = bias ? bias + <usize>group * 32 : 0;
      for (let t = 0; t < size; t++) {
        float_group(weight + <usize>group * bytes, prepared + <usize>token * token_bytes + <usize>t * 4, <usize>size * 4, columns,
          at + (<usize>t * <usize>yStride << 2), rows - group * 8, group_bias, accumulate); // prettier-ignore
      }
    }
    token += size;
  }
}

function float_group(w: usize, x: usize, step: usize, columns: i32, y: usize, rows: i32, bias: usize, accumulate: i32): void {
  let low = f32x4.splat(0);
  let high = f32x4.splat(0);
  for (let column = 0; column < columns; column++) {
    const value = v128.load32_splat(x);
    low = madd(v128.load(w), value, low);
    high = madd(v128.load(w, 16), value, high);
    w += 32;
    x += step;
  }
  const sums = scratch_memory();
  v128.store(sums, low);
  v128.store(sums, high, 16);
  store_rows(y, sums, rows, bias, accumulate);
}
