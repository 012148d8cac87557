// The packed layouts: their numbers, sizes and forms. src/backend/wasm/layouts.ts mirrors this file.

import { FLOATS } from './forms';

/** f32, any columns: for every column the 8 rows. */
export const F32_COLUMNS = 0;

export function layout_group_bytes(layout: i32, columns: i32): usize {
  return <usize>columns * 32;
}

export function layout_form(layout: i32): i32 {
  return FLOATS;
}
