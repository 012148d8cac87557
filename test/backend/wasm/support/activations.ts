import { dotMode, type LinearKernels } from './linear-kernels.ts';
import { randomIntegers } from './random-weight.ts';

/**
 * Integers -127..127 with a 127 in every 32, so that their scale is 1. Where this machine's dot saturates pairs and the
 * kernel set under test is made for one that does not, pairs stay within what both can: half as large, a 0 beside the 127.
 */
export function integerActivations(kernels: LinearKernels, length: number, seed = 7): Float32Array {
  const gentle = kernels.set === 'relaxed-dot-unsigned' && dotMode() === 'pairs';
  const next = randomIntegers(seed);
  const x = Float32Array.from({ length }, () => (gentle ? (next() % 127) - 63 : (next() % 255) - 127));
  for (let block = 0; block + 32 <= length; block += 32) {
    x[block + 6] = 127;
    x[block + 7] = gentle ? 0 : -127;
  }
  return x;
}

/** The same, scaled to fractions block by block. */
export function activations(kernels: LinearKernels, length: number, seed = 7): Float32Array {
  return integerActivations(kernels, length, seed).map((value, i) => value * (0.001 + ((i >> 5) % 7) * 0.003));
}

/** What quantising to blocks of 32 leaves of `x`: d = max |x| / levels in f32, values to the nearest, ties to even. */
export function quantized(x: Float32Array, levels: number): Float64Array {
  const result = new Float64Array(x.length);
  for (let block = 0; block < x.length; block += 32) {
    const max = x.subarray(block, block + 32).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (max === 0) continue;
    const d = Math.fround(max / levels);
    const inverse = Math.fround(levels / max);
    for (let i = block; i < block + 32; i++) result[i] = d * nearestEven(Math.fround(x[i]! * inverse));
  }
  return result;
}

function nearestEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return Math.round(value);
}

/** y = x Wᵀ in float64: [tokens, rows] */
export function product(
  weights: Float32Array,
  x: ArrayLike<number>,
  rows: number,
  columns: number,
  tokens: number,
): Float64Array {
  const y = new Float64Array(tokens * rows);
  for (let t = 0; t < tokens; t++) {
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += weights[r * columns + c]! * x[t * columns + c]!;
      y[t * rows + r] = sum;
    }
  }
  return y;
}
