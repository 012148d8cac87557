// q4_1: q · scale + low, 4 bits. Planes: quants, a vec4u a block; (scale, low), two halves a block.
#include "lib/block"
#include "lib/affine" with W={{W}}

fn {{W}}_block(row: u32, b: u32) -> Block {
  let i = row * BLOCKS + b;
  let quants = {{W}}[i];
  let scale = unpack2x16float({{W}}[{{PLANES}}_PLANE1 + (i >> 2u)][i & 3u]);
  return Block(quants & vec4u(0x0f0f0f0fu), (quants >> vec4u(4u)) & vec4u(0x0f0f0f0fu), scale);
}
