// What layouts.ts and state.ts say of a layout and a kernel set, known while the kernels are compiled: `L` is a layout's
// number, `S` a kernel set's, as types of statics.ts.

import { BYTES, K_HALVES, K_NIBBLES, K_SIX_BITS, K_SIX_BITS_MIN, NIBBLES, NIBBLES_MIN, SIX_BITS_MIN } from './layouts';
import { I16, PAIRS } from './state';

@inline export function is_k<L>(): bool { return <i32>offsetof<L>() >= K_NIBBLES; }
@inline export function starts_low<L>(): bool { return offsetof<L>() == NIBBLES; }
@inline export function starts_bytes<L>(): bool { return offsetof<L>() == BYTES; }
@inline export function is_i16<S>(): bool { return offsetof<S>() == I16; }
@inline export function is_pairs<S>(): bool { return offsetof<S>() == PAIRS; }

@inline
export function is_six_bits<L>(): bool {
  return offsetof<L>() == SIX_BITS_MIN || offsetof<L>() == K_SIX_BITS_MIN || offsetof<L>() == K_SIX_BITS;
}

/** True where quants stand for values from -32 on. */
@inline
export function is_centred<L>(): bool {
  return offsetof<L>() == K_SIX_BITS;
}

@inline
export function is_nibbles<L>(): bool {
  return offsetof<L>() == NIBBLES || offsetof<L>() == NIBBLES_MIN || offsetof<L>() == K_NIBBLES || offsetof<L>() == K_HALVES;
}

/** True where tiles may have 5 or 6 tokens: forms.ts. */
@inline
export function has_large_tiles<L, S>(): bool {
  return is_i16<S>() && !has_min<L>();
}

@inline
export function has_halves<L>(): bool {
  return offsetof<L>() == K_HALVES || offsetof<L>() == K_SIX_BITS;
}

@inline
export function has_min<L>(): bool {
  return offsetof<L>() != NIBBLES && offsetof<L>() != BYTES;
}

@inline
export function subtracts<L, S>(): bool {
  return offsetof<S>() != PAIRS && (offsetof<L>() == NIBBLES || offsetof<L>() == NIBBLES_MIN || offsetof<L>() == K_NIBBLES);
}

/** Bytes before the quants of a block. */
@inline
export function scale_bytes<L>(): usize {
  return offsetof<L>() == NIBBLES_MIN || offsetof<L>() == SIX_BITS_MIN || offsetof<L>() == K_HALVES ? 32 : 16;
}

@inline
export function quant_bytes<L>(): usize {
  return offsetof<L>() == BYTES ? 256 : is_six_bits<L>() ? 192 : 128;
}

/** Bytes before every eight blocks. */
@inline
export function head_bytes<L>(): usize {
  return <i32>offsetof<L>() < K_NIBBLES ? 0 : offsetof<L>() == K_SIX_BITS ? 32 : 64;
}
