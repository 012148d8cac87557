// bf16, as stored: a block of 32 is 4 vec4u.

fn {{W}}_four(low: u32, high: u32) -> vec4f {
  return bitcast<vec4f>(vec4u(low << 16u, low & 0xffff0000u, high << 16u, high & 0xffff0000u));
}

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let at = (row * BLOCKS + b) * 4u;
#for i in 0..4
  let q{{i}} = {{W}}[at + {{i}}u];
#endfor
  return array<vec4f, 8>(
    {{W}}_four(q0.x, q0.y), {{W}}_four(q0.z, q0.w), {{W}}_four(q1.x, q1.y), {{W}}_four(q1.z, q1.w),
    {{W}}_four(q2.x, q2.y), {{W}}_four(q2.z, q2.w), {{W}}_four(q3.x, q3.y), {{W}}_four(q3.z, q3.w));
}
