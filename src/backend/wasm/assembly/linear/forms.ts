// The forms of prepared activations. Tokens go in tiles of 6, then at most one tile of 4, one of 2 and one of 1; a tile
// lies where its tokens would lie one by one, and inside it the tokens are interleaved.

/** f32; a tile of T tokens: for every column its T values. */
export const FLOATS = 0;

/** Tokens of the tile that starts at `token`. */
@inline
export function tile_size(tokens: i32, token: i32): i32 {
  const rest = tokens - token;
  if (rest >= 6) return 6;
  if (rest >= 4) return 4;
  return rest >= 2 ? 2 : 1;
}

/** First token of the tile that holds `token`. */
export function tile_start(tokens: i32, token: i32): i32 {
  let start = (token / 6) * 6;
  while (start + tile_size(tokens, start) <= token) start += tile_size(tokens, start);
  return start;
}
