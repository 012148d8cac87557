// 32 neighbouring weights of a row as they come out of their format: what `dtype/*` hands to the kernels.

/**
 * `lo` holds weights 0-15 and `hi` weights 16-31 as bytes, four to a word. What the bytes stand for is the format's affair:
 * `scale` is (scale, zero's distance or low end), or the scales of both halves.
 */
struct Block { lo: vec4u, hi: vec4u, scale: vec2f }

/** Half `i` of eight. */
fn half_at(eight: vec4u, i: u32) -> f32 {
  return unpack2x16float(eight[(i >> 1u) & 3u])[i & 1u];
}

fn unsigned_bytes(word: u32) -> vec4f {
  return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
}

fn signed_bytes(word: u32) -> vec4f {
  return vec4f((vec4i(bitcast<i32>(word)) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}

fn unsigned_values(block: Block, low: f32) -> array<vec4f, 8> {
  let scale = vec4f(block.scale.x);
  let offset = vec4f(low);
  return array<vec4f, 8>(
    fma(unsigned_bytes(block.lo.x), scale, offset), fma(unsigned_bytes(block.lo.y), scale, offset),
    fma(unsigned_bytes(block.lo.z), scale, offset), fma(unsigned_bytes(block.lo.w), scale, offset),
    fma(unsigned_bytes(block.hi.x), scale, offset), fma(unsigned_bytes(block.hi.y), scale, offset),
    fma(unsigned_bytes(block.hi.z), scale, offset), fma(unsigned_bytes(block.hi.w), scale, offset));
}

fn signed_values(block: Block, scales: vec2f) -> array<vec4f, 8> {
  return array<vec4f, 8>(
    signed_bytes(block.lo.x) * scales.x, signed_bytes(block.lo.y) * scales.x,
    signed_bytes(block.lo.z) * scales.x, signed_bytes(block.lo.w) * scales.x,
    signed_bytes(block.hi.x) * scales.y, signed_bytes(block.hi.y) * scales.y,
    signed_bytes(block.hi.z) * scales.y, signed_bytes(block.hi.w) * scales.y);
}
