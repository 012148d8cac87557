// q8_0: q · scale, 8 bits. Planes: quants, two vec4u a block; scales, halves.
#include "lib/block"

fn {{W}}_block(row: u32, b: u32) -> Block {
  let i = row * BLOCKS + b;
  let scale = half_at({{W}}[{{PLANES}}_PLANE1 + (i >> 3u)], i & 7u);
  return Block({{W}}[2u * i], {{W}}[2u * i + 1u], vec2f(scale, 0.0));
}

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let block = {{W}}_block(row, b);
  return signed_values(block, block.scale.xx);
}
#if ACTIVATIONS == int8
#include "lib/int8"

fn {{W}}_add(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  return add_signed(w, lo, hi, x, sum);
}
#endif
