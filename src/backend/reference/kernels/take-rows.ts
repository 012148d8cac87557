/**
 * y[i] = x[rows[i]]
 *
 * @param x [tokens, width]
 * @returns [rows.length, width]
 */
export function takeRows(x: Float32Array, width: number, rows: Int32Array): Float32Array {
  const y = new Float32Array(rows.length * width);
  rows.forEach((row, i) => y.set(x.subarray(row * width, (row + 1) * width), i * width));
  return y;
}
