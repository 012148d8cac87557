// q6_k: (q - 32) · scale, superblocks of 256 with a scale of 8 bits for every 16. Planes of a superblock: low four bits, 8 vec4u;
// high two bits, 4 vec4u; scales, 1 vec4u; d, a half.
#include "lib/block"

fn {{W}}_block(row: u32, b: u32) -> Block {
  let i = row * (BLOCKS / 8u) + (b >> 3u);
  let half = (b >> 2u) & 1u;
  let k = b & 3u;
  let low = 8u * i + 4u * half + 2u * (k & 1u);
  let high = {{PLANES}}_PLANE1 + 4u * i + 2u * half;
  let low_shift = vec4u(4u * (k >> 1u));
  let high_shift = vec4u(2u * k);
  let lo = (({{W}}[low] >> low_shift) & vec4u(0x0f0f0f0fu)) |
    ((({{W}}[high] >> high_shift) & vec4u(0x03030303u)) << vec4u(4u));
  let hi = (({{W}}[low + 1u] >> low_shift) & vec4u(0x0f0f0f0fu)) |
    ((({{W}}[high + 1u] >> high_shift) & vec4u(0x03030303u)) << vec4u(4u));
  let pair = {{W}}[{{PLANES}}_PLANE2 + i][2u * half + (k >> 1u)] >> (16u * (k & 1u));
  let scales = vec2f(vec2i(i32(pair << 24u) >> 24u, i32(pair << 16u) >> 24u));
  let d = half_at({{W}}[{{PLANES}}_PLANE3 + (i >> 3u)], i & 7u);
  return Block({{W}}_less(lo), {{W}}_less(hi), d * scales);
}

/** q - 32 in every byte; no byte borrows from its neighbour. */
fn {{W}}_less(words: vec4u) -> vec4u {
  return ((words | vec4u(0x80808080u)) - vec4u(0x20202020u)) ^ vec4u(0x80808080u);
}

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let block = {{W}}_block(row, b);
  return signed_values(block, block.scale);
}
#if ACTIVATIONS == int8
#include "lib/int8"

fn {{W}}_add(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  return add_halves(w, lo, hi, x, sum);
}
#endif
