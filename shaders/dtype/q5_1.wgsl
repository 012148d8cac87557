// q5_1: q · scale + low, 5 bits. Planes: low four bits, a vec4u a block; fifth bits, a u32 a block; (scale, low), two halves.
#include "lib/block"
#include "lib/affine" with W={{W}}
#include "lib/fifth-bits"

fn {{W}}_block(row: u32, b: u32) -> Block {
  let i = row * BLOCKS + b;
  let quants = {{W}}[i];
  let bits = {{W}}[{{PLANES}}_PLANE1 + (i >> 2u)][i & 3u];
  return Block(
    (quants & vec4u(0x0f0f0f0fu)) | fifth_bits(bits, vec4u(0u, 4u, 8u, 12u)),
    ((quants >> vec4u(4u)) & vec4u(0x0f0f0f0fu)) | fifth_bits(bits, vec4u(16u, 20u, 24u, 28u)),
    unpack2x16float({{W}}[{{PLANES}}_PLANE2 + (i >> 2u)][i & 3u]));
}
