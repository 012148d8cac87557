// prepare: rows of activations as the products take them, normed first where a norm is given
//
//   x         f32 [tokens, inputs]
//   norm      f32 [inputs], with NORM
//   rows      u32 [count]: the rows of x that are wanted, with PICK
//   prepared  int8: planes [row][half][block] of 16 bytes, then [row][block] (scale, sum) of 8
//             f32: planes [row][eighth][block] of 4 numbers
//   grid      one workgroup a row
//   launcher  src/backend/webgpu/kernels/product.ts

const INPUTS = {{INPUTS}}u;
const BLOCKS = (INPUTS + 31u) / 32u;
const WORKGROUP = {{WORKGROUP}}u;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#if NORM
@group(0) @binding(1) var<storage, read> norm: array<vec4f>;
#endif
#if PICK
@group(0) @binding(2) var<storage, read> rows: array<u32>;
#endif
@group(0) @binding(3) var<storage, read_write> prepared: array<vec4{{PREPARED}}>;
#if ACTIVATIONS == int8
@group(0) @binding(4) var<storage, read_write> scales: array<vec2f>;
#include "lib/quantise"
#endif
#include "lib/activations"

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) id: vec3u) {
  let row = id.x;
#if PICK
  let first = rows[row] * (INPUTS / 4u);
#else
  let first = row * (INPUTS / 4u);
#endif
#if NORM
  let inverse = inverse_rms(first, local);
#else
  let inverse = 1.0;
#endif
  for (var b = local; b < BLOCKS; b += WORKGROUP) {
    let v = activations(first, b, inverse);
#if ACTIVATIONS == int8
    let q = quantised(v);
    prepared[(row * 2u) * BLOCKS + b] = q.lo;
    prepared[(row * 2u + 1u) * BLOCKS + b] = q.hi;
    scales[row * BLOCKS + b] = q.scale_and_sum;
#else
#for j in 0..8
    prepared[(row * 8u + {{j}}u) * BLOCKS + b] = v[{{j}}];
#endfor
#endif
  }
}
