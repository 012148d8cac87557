// q4_0: (q - 8) · scale, 4 bits. Planes: quants, a vec4u a block; scales, halves.
#include "lib/block"

fn {{W}}_block(row: u32, b: u32) -> Block {
  let i = row * BLOCKS + b;
  let quants = {{W}}[i];
  let scale = half_at({{W}}[{{PLANES}}_PLANE1 + (i >> 3u)], i & 7u);
  return Block(quants & vec4u(0x0f0f0f0fu), (quants >> vec4u(4u)) & vec4u(0x0f0f0f0fu), vec2f(scale, 0.0));
}

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let block = {{W}}_block(row, b);
  return unsigned_values(block, -8.0 * block.scale.x);
}
#if ACTIVATIONS == int8
#include "lib/int8"

fn {{W}}_add(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  return add_centred(w, 8.0, lo, hi, x, sum);
}
#endif
