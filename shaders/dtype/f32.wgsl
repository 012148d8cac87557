// f32, as stored: a block of 32 is 8 vec4u.

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let at = (row * BLOCKS + b) * 8u;
  return array<vec4f, 8>(
    bitcast<vec4f>({{W}}[at]), bitcast<vec4f>({{W}}[at + 1u]), bitcast<vec4f>({{W}}[at + 2u]), bitcast<vec4f>({{W}}[at + 3u]),
    bitcast<vec4f>({{W}}[at + 4u]), bitcast<vec4f>({{W}}[at + 5u]), bitcast<vec4f>({{W}}[at + 6u]), bitcast<vec4f>({{W}}[at + 7u]));
}
