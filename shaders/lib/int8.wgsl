// Products of a block of weights with 32 activations of 8 bits. `x` is (their scale, their sum as a whole number).
// Every step is an fma or exact, so that all kernels round alike.
#include "lib/block"

fn dot16(a: vec4u, b: vec4u) -> i32 {
  return dot4I8Packed(a.x, b.x) + dot4I8Packed(a.y, b.y) + dot4I8Packed(a.z, b.z) + dot4I8Packed(a.w, b.w);
}

/** Weights (q - zero) · scale */
fn add_centred(w: Block, zero: f32, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  let dots = f32(dot16(w.lo, lo) + dot16(w.hi, hi));
  return fma(w.scale.x * x.x, fma(-zero, x.y, dots), sum);
}

/** Weights q · scale */
fn add_signed(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  return fma(w.scale.x * x.x, f32(dot16(w.lo, lo) + dot16(w.hi, hi)), sum);
}

/** Weights q · scale + low */
fn add_affine(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  let dots = f32(dot16(w.lo, lo) + dot16(w.hi, hi));
  return fma(x.x, fma(w.scale.x, dots, w.scale.y * x.y), sum);
}

/** Weights q · scale with a scale for each half */
fn add_halves(w: Block, lo: vec4u, hi: vec4u, x: vec2f, sum: f32) -> f32 {
  return fma(x.x, fma(w.scale.x, f32(dot16(w.lo, lo)), w.scale.y * f32(dot16(w.hi, hi))), sum);
}
