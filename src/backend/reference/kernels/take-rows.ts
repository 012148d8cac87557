import { RealizarError } from '../../../errors.ts';

/**
 * y[i] = x[rows[i]]
 *
 * @param x [tokens, width]
 * @returns [rows.length, width]
 * @throws RealizarError `invalid-argument` for a row that x does not have
 */
export function takeRows(x: Float32Array, width: number, rows: Int32Array): Float32Array {
  const y = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    if (row < 0 || row * width >= x.length) {
      throw new RealizarError('invalid-argument', `row ${row} is none of ${x.length / width}`, { field: 'rows' });
    }
    y.set(x.subarray(row * width, (row + 1) * width), i * width);
  });
  return y;
}
