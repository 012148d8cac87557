/** Tokens of a tile of floats; what is left over goes in tiles of 2 and 1. With assembly/linear/forms.ts of the wasm backend. */
const TILE_TOKENS = 4;

/**
 * Activations as the float kernels of the wasm backend read them, put back row by row: there a tile has, column by column, one
 * number of each of its tokens.
 *
 * @param start where they begin in `floats`
 * @returns [tokens, columns]
 */
export function untiled(floats: Float32Array, start: number, tokens: number, columns: number): Float32Array {
  const rows = new Float32Array(tokens * columns);
  for (let token = 0; token < tokens;) {
    const left = tokens - token;
    const size = left >= TILE_TOKENS ? TILE_TOKENS : left >= 2 ? 2 : 1;
    const tile = start + token * columns;
    for (let place = 0; place < size; place++) {
      const row = (token + place) * columns;
      for (let column = 0; column < columns; column++) rows[row + column] = floats[tile + column * size + place]!;
    }
    token += size;
  }
  return rows;
}
