// f16, as stored: a block of 32 is 4 vec4u.

fn {{W}}_values(row: u32, b: u32) -> array<vec4f, 8> {
  let at = (row * BLOCKS + b) * 4u;
#for i in 0..4
  let q{{i}} = {{W}}[at + {{i}}u];
#endfor
  return array<vec4f, 8>(
    vec4f(unpack2x16float(q0.x), unpack2x16float(q0.y)), vec4f(unpack2x16float(q0.z), unpack2x16float(q0.w)),
    vec4f(unpack2x16float(q1.x), unpack2x16float(q1.y)), vec4f(unpack2x16float(q1.z), unpack2x16float(q1.w)),
    vec4f(unpack2x16float(q2.x), unpack2x16float(q2.y)), vec4f(unpack2x16float(q2.z), unpack2x16float(q2.w)),
    vec4f(unpack2x16float(q3.x), unpack2x16float(q3.y)), vec4f(unpack2x16float(q3.z), unpack2x16float(q3.w)));
}
