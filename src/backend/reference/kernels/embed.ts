import { RealizarError } from '../../../errors.ts';

/**
 * y[t] = table[ids[t]]
 *
 * @param table [vocab, width]
 * @param ids [tokens]
 * @returns [tokens, width]
 * @throws RealizarError `invalid-argument` for an id outside the vocabulary
 */
export function embed(table: Float32Array, width: number, ids: Int32Array): Float32Array {
  const vocab = table.length / width;
  const y = new Float32Array(ids.length * width);
  for (let t = 0; t < ids.length; t++) {
    const id = ids[t]!;
    if (id < 0 || id >= vocab)
      throw new RealizarError('invalid-argument', `token id ${id} is outside a vocabulary of ${vocab}`, {
        field: 'tokenIds',
      });
    y.set(table.subarray(id * width, (id + 1) * width), t * width);
  }
  return y;
}
