// Products of 32 weights with 32 activations, both f32. Four sums side by side, then those; the order is the same in all kernels.

fn product(w: array<vec4f, 8>, v: array<vec4f, 8>) -> f32 {
  var sum = vec4f(0.0);
#for j in 0..8
  sum = fma(w[{{j}}], v[{{j}}], sum);
#endfor
  return (sum.x + sum.y) + (sum.z + sum.w);
}
