// 32 activations as 8 bits with one scale.
struct Quantised { lo: vec4u, hi: vec4u, scale_and_sum: vec2f }

// Below this, 127 / largest overflows.
const LEAST_MAXIMUM = 1.0e-36;

fn quantised(v: array<vec4f, 8>) -> Quantised {
  var four = abs(v[0]);
#for j in 1..8
  four = max(four, abs(v[{{j}}]));
#endfor
  let largest = max(max(four.x, four.y), max(four.z, four.w));
  let inverse = select(0.0, 127.0 / largest, largest > LEAST_MAXIMUM);
#for j in 0..8
  let q{{j}} = pack4xI8(vec4i(round(v[{{j}}] * inverse)));
#endfor
  var sum = 0i;
#for j in 0..8
  sum += dot4I8Packed(q{{j}}, 0x01010101u);
#endfor
  return Quantised(vec4u(q0, q1, q2, q3), vec4u(q4, q5, q6, q7), vec2f(largest / 127.0, f32(sum)));
}
