/**
 * y[t, i] = x[t, i] · weight[i] / √(mean(x[t]²) + eps). Zhang & Sennrich 2019, arXiv:1910.07467.
 *
 * @param x [rows, width]: hidden states, or single heads
 * @param weight [width]
 * @returns [rows, width]
 */
export function rmsNorm(x: Float32Array, weight: Float32Array, eps: number): Float32Array {
  const width = weight.length;
  const y = new Float32Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += x[row + i]! ** 2;
    const factor = 1 / Math.sqrt(squares / width + eps);
    for (let i = 0; i < width; i++) y[row + i] = x[row + i]! * factor * weight[i]!;
  }
  return y;
}
