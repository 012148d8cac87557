// embed: y[t] = weight[ids[t]], for the ids of one shard
//
//   ids       u32 [tokens]
//   weight    [rows, width], any format
//   y         f32 [tokens, width]
//   grid      blocks of 32 numbers of a row, tokens
//   launcher  src/backend/webgpu/plain/embed.ts

/** `first_row`, `rows`: which of the ids lie in this shard. */
struct Params { planes: vec4u, width: u32, first_row: u32, rows: u32 }

@group(0) @binding(0) var<uniform> params: Params;
#include "plain/weight"
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  use_weight(params.planes);
  let b = id.x;
  let row = ids[id.y] - params.first_row;
  if (b >= BLOCKS || row >= params.rows) { return; }
  let values = weight_values(row, b);
  for (var i = 0u; i < 32u; i++) {
    let k = 32u * b + i;
    if (k < params.width) { y[id.y * params.width + k] = values[i / 4u][i % 4u]; }
  }
}
