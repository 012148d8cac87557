// What one instance knows for its whole life: its kernel set and its scratch memory.

export const I16 = 0;
export const PAIRS = 1;
export const DOT_UNSIGNED = 2;
export const DOT_SIGNED = 3;

/** Groups of 8 rows that are read at once, from four distant places: that makes the bandwidth of memory out of its latency. */
export const STREAMS = 4;

/** Tiles that meet an unpacked slab: their activations of its columns stay in the first cache. */
export const TILES_PER_PASS = 7;

/** Seven tiles of five tokens; four streams are less. */
const SUMS_BYTES: i32 = TILES_PER_PASS * 5 * 32;

/** The largest slab: 256 columns of 8 rows as f32. */
const SLAB_BYTES: i32 = 256 * 32;

/** Sums, then a slab; while weights are packed, from 256 on one unpacked block of each of 8 rows instead. */
export const SCRATCH_BYTES: i32 = SUMS_BYTES + SLAB_BYTES;

let current_set: i32 = I16;
let current_scratch: usize = 0;
let fuses_vectors: i32 = 0;

export function set_kernel_set(set: i32): void {
  current_set = set;
}

@inline
export function kernel_set(): i32 {
  return current_set;
}

export function set_wide(wide: i32): void {
  fuses_vectors = wide;
}

/** Whether twice as many values fit the registers. */
@inline
export function is_wide(): bool {
  return fuses_vectors != 0;
}

export function set_scratch(scratch: usize): void {
  current_scratch = scratch;
}

@inline
export function scratch_memory(): usize {
  return current_scratch;
}

@inline
export function slab_memory(): usize {
  return current_scratch + SUMS_BYTES;
}

@inline
export function unpacked_rows(): usize {
  return current_scratch + 256;
}
