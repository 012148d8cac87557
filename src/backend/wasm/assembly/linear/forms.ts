// The forms of prepared activations. Tokens go in as few tiles as there can be, all of one size or the first ones larger by 1; a
// tile lies where its tokens would lie one by one, and inside it the tokens are interleaved.
//
// Integer forms quantise blocks of 32 columns: value ~ d · integer, d = max |value| / 127, or / (127 · 256) as i16. A tile of T tokens has for every block
// T headers of 16 bytes, then T times the data.
//
//   zeros header   f32 d | i32 low | i32 whole | i32 byte    where accumulators of nibble and byte layouts start: minus the
//                                                            zero point of the weights times the sum of the integers
//                  in the pairs set i16 x 2 for low: -8 · the sum of columns 0 and 1 mod 4, and of 2 and 3 mod 4
//   halves header  f32 d | i16 x 2 | i16 x 2 | i32 0         the pairs set's, as above with a zero point of 32: of columns
//                                                            0..7 and 16..23, and of columns 8..15 and 24..31
//   sums header    f32 d | i32 whole | f32 d · sum of columns 0..15 | f32 d · sum of columns 16..31

import { is_wide, kernel_set, PAIRS } from './state';

/** f32; a tile of T tokens: for every column its T values. */
export const FLOATS = 0;
/** Data: i8 x 32. */
export const I8_ZEROS = 1;
export const I8_SUMS = 2;
/** In the order of `halves_in_turn`. */
export const I8_HALVES = 3;
/** Data: i16 x 32, columns 0 2 1 3 of every four. */
export const I16_ZEROS = 4;
export const I16_SUMS = 5;

export const HEADER: usize = 16;

/** Columns of a block as the pairs set has them where halves have scales of their own: 0 1 16 17 2 3 18 19 ..., 16 of them. */
@inline
export function halves_in_turn(first: v128, second: v128, from: i32): v128 {
  if (from == 0) return v128.shuffle<i16>(first, second, 0, 8, 1, 9, 2, 10, 3, 11);
  return v128.shuffle<i16>(first, second, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Data bytes of a block of one token. */
@inline
export function data_bytes(form: i32): usize {
  return form >= I16_ZEROS ? 64 : 32;
}

export function prepared_token_bytes(form: i32, columns: i32): usize {
  if (form == FLOATS) return <usize>columns * 4;
  return (<usize>columns >> 5) * (HEADER + data_bytes(form));
}

/** Up to this many tokens meet packed weights directly: they do not repay unpacking. */
const DIRECT_TOKENS = 20;

/** Whether the pairs set multiplies this form. Its weights lie so that unpacking costs next to nothing. */
@inline
function is_paired(form: i32): bool {
  return kernel_set() == PAIRS && (form == I8_ZEROS || form == I8_SUMS);
}

/** Whether integer weights are unpacked for this many tokens. 16-bit operands take so much room that bytes are better left packed. */
@inline
export function unpacks(form: i32, tokens: i32): bool {
  return tokens > DIRECT_TOKENS && !is_paired(form) && form != I8_HALVES && form != I16_ZEROS && form != FLOATS;
}

/** Weights of this form stay in registers while tokens go by, so that a tile may be larger: enough to repay unpacking. */
export const LARGEST_HALVES_TILE = 16;

/**
 * Most tokens of a tile. Two accumulators a token and the operands have to fit 16 vector registers; those of packed weights are
 * more, but 16-bit ones are worth some spilling.
 */
@inline
function largest_tile(form: i32, tokens: i32): i32 {
  if (form == I8_HALVES) return LARGEST_HALVES_TILE;
  if (is_paired(form)) return 8;
  if (form == I16_ZEROS) return is_wide() ? 4 : 6;
  return form == FLOATS || unpacks(form, tokens) ? 5 : 4;
}

/** How many tiles `tokens` tokens make. */
@inline
export function tile_count(form: i32, tokens: i32): i32 {
  const largest = largest_tile(form, tokens);
  return (tokens + largest - 1) / largest;
}

/** Tokens of tile `tile`. */
@inline
export function tile_size(form: i32, tokens: i32, tile: i32): i32 {
  const tiles = tile_count(form, tokens);
  return tokens / tiles + (tile < tokens % tiles ? 1 : 0);
}

/** First token of tile `tile`. */
@inline
export function tile_start(form: i32, tokens: i32, tile: i32): i32 {
  const tiles = tile_count(form, tokens);
  return tile * (tokens / tiles) + min(tile, tokens % tiles);
}

/** The tile that holds `token`. */
export function tile_of(form: i32, tokens: i32, token: i32): i32 {
  const tiles = tile_count(form, tokens);
  const small = tokens / tiles;
  const in_large = (tokens % tiles) * (small + 1);
  return token < in_large ? token / (small + 1) : tokens % tiles + (token - in_large) / small;
}
