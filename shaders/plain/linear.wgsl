// linear: y[t, n] = x[t] · weight[n] + bias[n], or added to what y has
//
//   x         f32 [tokens, inputs]
//   weight    a shard [rows, inputs], any format
//   bias      f32 [outputs], with HAS_BIAS
//   y         f32 [tokens, width], this product from column `first` on
//   grid      rows of the shard / 64, tokens / 4
//   launcher  src/backend/webgpu/plain/linear.ts
//
// One invocation computes one output of four tokens, and adds block after block: the order is the same in any company.

const FLAG_ADD = 1u;
const FLAG_BIAS = 2u;

struct Params { planes: vec4u, inputs: u32, rows: u32, tokens: u32, width: u32, first: u32, first_bias: u32, flags: u32 }

@group(0) @binding(0) var<uniform> params: Params;
#include "plain/weight"
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

/** Four numbers of a row from `k` on; zeros behind its end, where a weight is filled up. */
fn four(token: u32, k: u32) -> vec4f {
  let row = min(token, params.tokens - 1u) * params.inputs;
  let last = params.inputs - 1u;
  let inside = vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(params.inputs);
  let at = row + min(vec4u(k, k + 1u, k + 2u, k + 3u), vec4u(last));
  return select(vec4f(0.0), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
}

fn store(token: u32, n: u32, sum: f32) {
  if (token >= params.tokens) { return; }
  var value = sum;
  if ((params.flags & FLAG_BIAS) != 0u) { value += bias[params.first_bias + n]; }
  let at = token * params.width + params.first + n;
  if ((params.flags & FLAG_ADD) != 0u) { value += y[at]; }
  y[at] = value;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  use_weight(params.planes);
  let n = id.x;
  if (n >= params.rows) { return; }
  let token = 4u * id.y;
  var sum0 = vec4f(0.0);
  var sum1 = vec4f(0.0);
  var sum2 = vec4f(0.0);
  var sum3 = vec4f(0.0);
  for (var b = 0u; b < BLOCKS; b++) {
    let values = weight_values(n, b);
    for (var i = 0u; i < 8u; i++) {
      let k = 32u * b + 4u * i;
      sum0 += values[i] * four(token, k);
      sum1 += values[i] * four(token + 1u, k);
      sum2 += values[i] * four(token + 2u, k);
      sum3 += values[i] * four(token + 3u, k);
    }
  }
  store(token, n, (sum0.x + sum0.y) + (sum0.z + sum0.w));
  store(token + 1u, n, (sum1.x + sum1.y) + (sum1.z + sum1.w));
  store(token + 2u, n, (sum2.x + sum2.y) + (sum2.z + sum2.w));
  store(token + 3u, n, (sum3.x + sum3.y) + (sum3.z + sum3.w));
}
