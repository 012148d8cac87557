// q4_0: (q - 8) · scale, 4 bits. Planes: quants, a vec4u a block; scales, halves.
#include "lib/block"
#include "lib/centred" with W={{W}} ZERO=8.0

fn {{W}}_block(row: u32, b: u32) -> Block {
  let i = row * BLOCKS + b;
  let quants = {{W}}[i];
  let scale = half_at({{W}}[{{PLANES}}_PLANE1 + (i >> 3u)], i & 7u);
  return Block(quants & vec4u(0x0f0f0f0fu), (quants >> vec4u(4u)) & vec4u(0x0f0f0f0fu), vec2f(scale, 0.0));
}
