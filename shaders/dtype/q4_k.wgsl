// q4_k: superblocks of 256 with eight scales and lows of 6 bits. As stored, 9 vec4u: scales; quants, two parts of 32 share 32 bytes.
#include "lib/block"
#include "lib/affine" with W={{W}}
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
