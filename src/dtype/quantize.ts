// What ggml's encoders of 32-value blocks share. They compute in float32, so we round after each step.

/** 1 / scale in float32; 0 for a scale of 0, so that every value of a zero block becomes 0. */
export function reciprocal(scale: number): number {
  return scale === 0 ? 0 : Math.fround(1 / scale);
}

/** The value of largest magnitude in the block at `from`, with its sign; the first of equals. */
export function extreme(values: Float32Array, from: number): number {
  let found = 0;
  for (let i = from; i < from + 32; i++) {
    if (Math.abs(values[i]!) > Math.abs(found)) found = values[i]!;
  }
  return found;
}

/** Smallest and largest value of the block at `from`. */
export function range(values: Float32Array, from: number): readonly [min: number, max: number] {
  let min = values[from]!;
  let max = min;
  for (let i = from + 1; i < from + 32; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return [min, max];
}
