// Weights (q - ZERO) · scale, as {{W}}_block tells them: their values, and their products with activations of 8 bits.
#include "lib/block"

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let block = {{W}}_block(row, b);
  return unsigned_values(block, -{{ZERO}} * block.scale.x);
}
#if ACTIVATIONS == int8
#include "lib/int8"

fn {{W}}_add(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  return add_centred(w, {{ZERO}}, lo, hi, x, sum);
}
#endif
