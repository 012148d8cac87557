import type { Rope } from '../../backend.ts';

/**
 * Rotates pairs of every head by position · frequency, in place. Su et al. 2021, arXiv:2104.09864.
 *
 * @param x [tokens, width], width a multiple of headDim
 * @param positions [tokens]
 */
export function rope(
  x: Float32Array,
  headDim: number,
  positions: Int32Array,
  { pairing, dimensions, frequencies, magnitude }: Rope,
): void {
  const width = x.length / positions.length;
  const stride = pairing === 'interleaved' ? 2 : 1;
  const apart = pairing === 'interleaved' ? 1 : dimensions / 2;

  for (let t = 0; t < positions.length; t++) {
    for (let pair = 0; pair < dimensions / 2; pair++) {
      const angle = positions[t]! * frequencies[pair]!;
      const cos = Math.cos(angle) * magnitude;
      const sin = Math.sin(angle) * magnitude;
      for (let head = t * width; head < (t + 1) * width; head += headDim) {
        const first = head + pair * stride;
        const a = x[first]!;
        const b = x[first + apart]!;
        x[first] = a * cos - b * sin;
        x[first + apart] = a * sin + b * cos;
      }
    }
  }
}
