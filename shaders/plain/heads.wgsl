// heads: norms (HEAD_NORMS) and turns the query and key heads of a row; keys and values go into the cache
//
//   projections   f32 [tokens, queries | keys | values]; queries in place
//   rows          (position, slot, first block, 0) of every row
//   rope          (cos, sin) [tokens, pairs]
//   keys, values  the layer's cache
//   head_norms    f32 [headDim] of queries, and of keys
//   grid          query, key and value heads; tokens
//   launcher      src/backend/webgpu/plain/attention-inputs.ts
//   source        Su et al. 2021, arXiv:2104.09864

struct Params { head_dim: u32, num_heads: u32, num_kv_heads: u32, pairs: u32, stride: u32, apart: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> projections: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<vec4u>;
@group(0) @binding(3) var<storage, read> rope: array<vec2f>;
#include "plain/cache"
@group(0) @binding(4) var<storage, read_write> keys: array<CacheWord>;
@group(0) @binding(5) var<storage, read_write> values: array<CacheWord>;
#if HEAD_NORMS
@group(0) @binding(6) var<storage, read> query_norm: array<f32>;
@group(0) @binding(7) var<storage, read> key_norm: array<f32>;
#endif

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let token = group.y;
  let head = group.x;
  let width = (params.num_heads + 2u * params.num_kv_heads) * params.head_dim;
  let at = token * width + head * params.head_dim;
  let is_value = head >= params.num_heads + params.num_kv_heads;
  let is_query = head < params.num_heads;
#if HEAD_NORMS
  if (!is_value) {
    // Every lane adds all squares, so that none has to wait for others' sums.
    var squares = 0.0;
    for (var i = 0u; i < params.head_dim; i++) { squares += projections[at + i] * projections[at + i]; }
    let factor = 1.0 / sqrt(squares / f32(params.head_dim) + params.eps);
    storageBarrier();
    for (var i = lane; i < params.head_dim; i += LANES) {
      projections[at + i] *= factor * select(key_norm[i], query_norm[i], is_query);
    }
  }
  storageBarrier();
#endif
  if (!is_value) {
    for (var pair = lane; pair < params.pairs; pair += LANES) {
      let turn = rope[token * params.pairs + pair];
      let first = at + pair * params.stride;
      let a = projections[first];
      let b = projections[first + params.apart];
      projections[first] = a * turn.x - b * turn.y;
      projections[first + params.apart] = a * turn.y + b * turn.x;
    }
  }
  storageBarrier();
  if (is_query) { return; }
  let kv_head = (head - params.num_heads) % params.num_kv_heads;
  let row = (rows[token].y * params.num_kv_heads + kv_head) * params.head_dim;
#if KV == f16
  for (var i = lane; i < params.head_dim / 2u; i += LANES) {
    let word = pack2x16float(vec2f(projections[at + 2u * i], projections[at + 2u * i + 1u]));
    if (is_value) { values[row / 2u + i] = word; } else { keys[row / 2u + i] = word; }
  }
#else
  for (var i = lane; i < params.head_dim; i += LANES) {
    if (is_value) { values[row + i] = projections[at + i]; } else { keys[row + i] = projections[at + i]; }
  }
#endif
}
