/** Most tokens of a tile of floats. With assembly/linear/forms.ts of the wasm backend. */
const TILE_TOKENS = 5;

/**
 * Activations as the float kernels of the wasm backend read them, put back row by row: there they lie in as few tiles as there
 * can be, the first ones larger by one token than the rest, and a tile has, column by column, one number of each of its tokens.
 *
 * @param start where they begin in `floats`
 * @returns [tokens, columns]
 */
export function untiled(floats: Float32Array, start: number, tokens: number, columns: number): Float32Array {
  const rows = new Float32Array(tokens * columns);
  const tiles = Math.ceil(tokens / TILE_TOKENS);
  for (let token = 0, index = 0; index < tiles; index++) {
    const size = Math.floor(tokens / tiles) + (index < tokens % tiles ? 1 : 0);
    const tile = start + token * columns;
    for (let place = 0; place < size; place++) {
      const row = (token + place) * columns;
      for (let column = 0; column < columns; column++) rows[row + column] = floats[tile + column * size + place]!;
    }
    token += size;
  }
  return rows;
}
