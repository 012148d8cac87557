#if NORM
#include "lib/norm"
#endif

/** Block `b` of the row of `x` that begins at `first`, in vec4f; normed by `inverse` with NORM, filled up with zeros with RAGGED. */
fn activations(first: u32, b: u32, inverse: f32) -> array<vec4f, 8> {
  var v = array<vec4f, 8>();
#for j in 0..8
#if RAGGED
  if (b * 8u + {{j}}u < INPUTS / 4u)
#endif
#if NORM
  { v[{{j}}] = x[first + b * 8u + {{j}}u] * inverse * norm[b * 8u + {{j}}u]; }
#else
  { v[{{j}}] = x[first + b * 8u + {{j}}u]; }
#endif
#endfor
  return v;
}
