// q4_k: superblocks of 256 with eight scales and lows of 6 bits. As stored, 9 vec4u: scales; quants, two parts of 32 share 32 bytes.
#include "lib/block"
#include "lib/k-scales"

fn {{W}}_block(row: u32, b: u32) -> Block {
  let at = (row * (BLOCKS / 8u) + (b >> 3u)) * 9u;
  let j = b & 7u;
  let quants = at + 1u + (j >> 1u) * 2u;
  let shift = vec4u(4u * (j & 1u));
  return Block(
    ({{W}}[quants] >> shift) & vec4u(0x0f0f0f0fu), ({{W}}[quants + 1u] >> shift) & vec4u(0x0f0f0f0fu),
    k_scales({{W}}[at], j));
}

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let block = {{W}}_block(row, b);
  return unsigned_values(block, block.scale.y);
}
#if ACTIVATIONS == int8
#include "lib/int8"

fn {{W}}_add(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  return add_affine(w, lo, hi, x, sum);
}
#endif
