// q5_0: (q - 16) · scale, 5 bits. Planes: low four bits, a vec4u a block; fifth bits, a u32 a block; scales, halves.
#include "lib/block"
#include "lib/centred" with W={{W}} ZERO=16.0
#include "lib/fifth-bits"

fn {{W}}_block(row: u32, b: u32) -> Block {
  let i = row * BLOCKS + b;
  let quants = {{W}}[i];
  let bits = {{W}}[{{PLANES}}_PLANE1 + (i >> 2u)][i & 3u];
  let scale = half_at({{W}}[{{PLANES}}_PLANE2 + (i >> 3u)], i & 7u);
  return Block(
    (quants & vec4u(0x0f0f0f0fu)) | fifth_bits(bits, vec4u(0u, 4u, 8u, 12u)),
    ((quants >> vec4u(4u)) & vec4u(0x0f0f0f0fu)) | fifth_bits(bits, vec4u(16u, 20u, 24u, 28u)),
    vec2f(scale, 0.0));
}
