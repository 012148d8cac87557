// place-keys-values: keys and values of rows into the cache; their queries become what attention-prefill takes
//
//   projections  f32 [tokens, queries | keys | values], queries in place
//   keys, values the layer's cache
//   rows         (position, slot, first block in the table, 0) of every row
//   rope         (cos, sin) [tokens, pairs], with ROPE_DIMENSIONS
//   head_norms   f32 [2, head dim]: of queries, of keys, with HEAD_NORMS
//   grid         kv heads, tokens
//   launcher     src/backend/webgpu/kernels/attention.ts
const WORKGROUP = 64u;
const HEAD_DIM = {{HEAD_DIM}}u;
const GROUP = {{GROUP}}u;

@group(0) @binding(0) var<storage, read_write> projections: array<f32>;
#if KV == f16
@group(0) @binding(1) var<storage, read_write> keys: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> values: array<u32>;
#else
@group(0) @binding(1) var<storage, read_write> keys: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> values: array<vec2f>;
#endif
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
#if ROPE_DIMENSIONS > 0
@group(0) @binding(4) var<storage, read> rope: array<vec2f>;
#endif
#if HEAD_NORMS
@group(0) @binding(5) var<storage, read> head_norms: array<f32>;
#endif

@group(0) @binding(6) var<uniform> shape: Shape;

#include "lib/attention-shape"
#include "lib/heads"

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) id: vec3u) {
  let kv_head = id.x;
  let row = id.y;
  load_heads(row, kv_head, local);
  store_key_and_value(rows[row].y * shape.num_kv_heads + kv_head, local);
  for (var i = local; i < KEY_AT; i += WORKGROUP) { projections[(row * (GROUP + 2u) * shape.num_kv_heads + kv_head * GROUP) * HEAD_DIM + i] = heads[i]; }
}
