// Walks tiles of tokens, groups of rows and, where weights are unpacked, slabs of columns. One token walks four distant groups at
// once (state.ts); tiles are slow enough for the memory to keep up.

import { prepared_token_bytes, tile_count, tile_size, tile_start, unpacks } from './forms';
import { goes_by_two, run_kernel, run_slab, run_two_groups, STREAMED, UNPACK } from './kernels';
import { F32_COLUMNS, layout_form, layout_group_bytes, NIBBLES } from './layouts';
import { scratch_memory, slab_memory, STREAMS, TILES_PER_PASS } from './state';
import { store_rows } from './store-rows';
import { SLAB_COLUMNS } from './unpack-slab';

/** Weights that all tiles meet before the next weights come from memory: they have to stay in the second cache meanwhile. */
const CACHED_BYTES: i32 = 256 * 1024;

/** A group and a tile of activations that are no more stay in the first cache while the next group comes from memory. */
const FIRST_CACHE_BYTES: i32 = 30 * 1024;

export function run_groups(
  layout: i32, weight: usize, rows: i32, columns: i32, firstGroup: i32, groups: i32,
  prepared: usize, tokens: i32, y: usize, yStride: i32, bias: usize, accumulate: i32,
): void {
  const bytes = layout_group_bytes(layout, columns);
  const form = layout_form(layout);
  const sums = scratch_memory();
  const tiles = tile_count(form, tokens);
  const passes = uses_slabs(layout, form, tokens) ? (tiles + TILES_PER_PASS - 1) / TILES_PER_PASS : tiles;
  const streamed = tokens == 1 ? groups / STREAMS : 0;
  for (let i = 0; i < streamed; i++) {
    run_kernel(layout, STREAMED, weight + <usize>(firstGroup + i) * bytes, <usize>streamed * bytes, prepared, columns, sums);
    for (let stream = 0; stream < STREAMS; stream++) {
      const group = firstGroup + i + stream * streamed;
      store_group(group, 0, 1, sums + <usize>stream * 32, rows, y, yStride, bias, accumulate);
    }
  }
  const largest = tile_size(form, tokens, 0) * <i32>prepared_token_bytes(form, columns);
  const together = max(1, CACHED_BYTES / <i32>bytes);
  for (let start = firstGroup + streamed * STREAMS; start < firstGroup + groups; start += together) {
    const stop = min(start + together, firstGroup + groups);
    const is_fetched = tokens > 1 && goes_by_two(layout) && <i32>bytes + largest > FIRST_CACHE_BYTES;
    if (is_fetched) fetch(weight + <usize>start * bytes, <usize>(stop - start) * bytes, sums);
    for (let pass = 0; pass < passes; pass++) {
      const tile = (pass * tiles) / passes, end = ((pass + 1) * tiles) / passes;
      const first = tile_start(form, tokens, tile), count = tile_start(form, tokens, end) - first;
      let group = start;
      if (goes_by_two(layout) && (is_fetched || pass > 0)) {
        const x = prepared + <usize>first * prepared_token_bytes(form, columns);
        const second_sums = sums + <usize>count * 32;
        for (; group + 1 < stop; group += 2) {
          memory.fill(sums, 0, <usize>count * 64);
          run_two_groups(count, weight + <usize>group * bytes, bytes, x, columns, sums);
          store_group(group, first, count, sums, rows, y, yStride, bias, accumulate);
          store_group(group + 1, first, count, second_sums, rows, y, yStride, bias, accumulate);
        }
      }
      for (; group < stop; group++) {
        run_group(layout, weight + <usize>group * bytes, columns, prepared, tokens, tile, end, sums);
        store_group(group, first, count, sums, rows, y, yStride, bias, accumulate);
      }
    }
  }
}

/**
 * Brings weights into the second cache, from four distant places at once. Processors fetch ahead for one group after another, but
 * not between activations that come from the second cache each time.
 */
function fetch(at: usize, bytes: usize, sums: usize): void {
  const quarter = bytes >> 2;
  let any = 0;
  for (const end = at + quarter; at < end; at += 64) {
    any |= load<i32>(at) | load<i32>(at + quarter) | load<i32>(at + 2 * quarter) | load<i32>(at + 3 * quarter);
  }
  // Stored, so that no compiler leaves out the loads; sums are cleared before they are used.
  store<i32>(sums, any);
}

/** Whether tokens meet weights of this layout in unpacked slabs. Floats repay it as soon as there is a second tile. */
@inline
function uses_slabs(layout: i32, form: i32, tokens: i32): bool {
  if (layout < NIBBLES) return layout != F32_COLUMNS && tokens > 4;
  return unpacks(form, tokens);
}

/** sums [tokens of the tiles, 8] = the products of whole rows. */
function run_group(
  layout: i32, group: usize, columns: i32, prepared: usize, tokens: i32, tile: i32, end: i32, sums: usize,
): void {
  const form = layout_form(layout);
  const token_bytes = prepared_token_bytes(form, columns);
  const first = tile_start(form, tokens, tile);
  const count = tile_start(form, tokens, end) - first;
  memory.fill(sums, 0, <usize>count * 32);
  if (!uses_slabs(layout, form, tokens)) {
    return run_kernel(layout, count, group, 0, prepared + <usize>first * token_bytes, columns, sums);
  }
  for (let column = 0; column < columns; column += SLAB_COLUMNS) {
    const packed = group + layout_group_bytes(layout, column);
    run_slabs(layout, packed, column, min(SLAB_COLUMNS, columns - column), prepared, token_bytes, tokens, tile, end, sums);
  }
}

/** sums [tokens of the tiles, 8] += the products of `width` columns. */
function run_slabs(
  layout: i32, packed: usize, column: i32, width: i32, prepared: usize, token_bytes: usize, tokens: i32, tile: i32, end: i32, sums: usize,
): void {
  const form = layout_form(layout);
  const before = prepared_token_bytes(form, column);
  const slab = slab_memory();
  run_kernel(layout, UNPACK, packed, 0, 0, width, slab);
  for (; tile < end; tile++) {
    const size = tile_size(form, tokens, tile);
    run_slab(layout, size, slab, prepared + <usize>tile_start(form, tokens, tile) * token_bytes + <usize>size * before, width, sums);
    sums += <usize>size * 32;
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
