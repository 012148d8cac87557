// The forms of prepared activations. Tokens go in tiles of 6 (floats: of 4), then at most one tile of 4, one of 2 and one of
// 1; a tile lies where its tokens would lie one by one, and inside it the tokens are interleaved.
//
// Integer forms quantise blocks of 32 columns: value ~ d · integer, d = max |value| / 127, or / (127 · 256) as i16. A tile of T tokens has for every block
// T headers of 16 bytes, then T times the data.
//
//   zeros header   f32 d | i32 low | i32 whole | i32 byte    where accumulators of nibble and byte layouts start: minus the
//                                                            zero point of the weights times the sum of the integers
//                  in the pairs set i16 x 2 for low: -8 · the sum of columns 0 and 1 mod 4, and of 2 and 3 mod 4
//   sums header    f32 d | i32 whole | f32 d · sum of columns 0..15 | f32 d · sum of columns 16..31

/** f32; a tile of T tokens: for every column its T values. */
export const FLOATS = 0;
/** Data: i8 x 32. */
export const I8_ZEROS = 1;
export const I8_SUMS = 2;
/** Data: i16 x 32, columns 0 2 1 3 of every four. */
export const I16_ZEROS = 3;
export const I16_SUMS = 4;

export const HEADER: usize = 16;

/** Data bytes of a block of one token. */
@inline
export function data_bytes(form: i32): usize {
  return form >= I16_ZEROS ? 64 : 32;
}

export function prepared_token_bytes(form: i32, columns: i32): usize {
  if (form == FLOATS) return <usize>columns * 4;
  return (<usize>columns >> 5) * (HEADER + data_bytes(form));
}

/** Tokens of the tile that starts at `token`. Six tokens of floats would need more vector registers than there are. */
@inline
export function tile_size(form: i32, tokens: i32, token: i32): i32 {
  const rest = tokens - token;
  if (rest >= 6 && form != FLOATS) return 6;
  if (rest >= 4) return 4;
  return rest >= 2 ? 2 : 1;
}

/** First token of the tile that holds `token`. */
export function tile_start(form: i32, tokens: i32, token: i32): i32 {
  const largest = form == FLOATS ? 4 : 6;
  let start = token - (token % largest);
  while (start + tile_size(form, tokens, start) <= token) start += tile_size(form, tokens, start);
  return start;
}
