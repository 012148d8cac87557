// What one instance knows for its whole life: its kernel set and its scratch memory.

export const I16 = 0;
export const PAIRS = 1;
export const DOT_UNSIGNED = 2;
export const DOT_SIGNED = 3;

/** Sums of a tile or of four streams (192 bytes), from 256 on one unpacked block of each of 8 rows. */
export const SCRATCH_BYTES: i32 = 4096;

let current_set: i32 = I16;
let current_scratch: usize = 0;

export function set_kernel_set(set: i32): void {
  current_set = set;
}

@inline
export function kernel_set(): i32 {
  return current_set;
}

export function set_scratch(scratch: usize): void {
  current_scratch = scratch;
}

@inline
export function scratch_memory(): usize {
  return current_scratch;
}

@inline
export function unpacked_rows(): usize {
  return current_scratch + 256;
}
