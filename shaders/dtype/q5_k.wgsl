// q5_k: as q4_k, with a fifth bit. As stored, 11 vec4u: scales; fifth bits, bit j of a byte for part j; low four bits.
#include "lib/block"
#include "lib/affine" with W={{W}}
#include "lib/k-scales"

fn {{W}}_block(row: u32, b: u32) -> Block {
  let at = (row * (BLOCKS / 8u) + (b >> 3u)) * 11u;
  let j = b & 7u;
  let quants = at + 3u + (j >> 1u) * 2u;
  let shift = vec4u(4u * (j & 1u));
  let lo_bits = (({{W}}[at + 1u] >> vec4u(j)) & vec4u(0x01010101u)) << vec4u(4u);
  let hi_bits = (({{W}}[at + 2u] >> vec4u(j)) & vec4u(0x01010101u)) << vec4u(4u);
  return Block(
    (({{W}}[quants] >> shift) & vec4u(0x0f0f0f0fu)) | lo_bits,
    (({{W}}[quants + 1u] >> shift) & vec4u(0x0f0f0f0fu)) | hi_bits,
    k_scales({{W}}[at], j));
}
