// take-chosen: ids[t] = the first id of best[rows[t]], where a row is given
//
//   rows      i32 [tokens]; -1: ids has it
//   best      f32 [rows, width]
//   ids       u32 [tokens]
//   grid      tokens / 64
//   launcher  src/backend/webgpu/batch-data.ts

struct Params { tokens: u32, width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<i32>;
@group(0) @binding(2) var<storage, read> best: array<f32>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.tokens || rows[id.x] < 0) { return; }
  ids[id.x] = u32(best[u32(rows[id.x]) * params.width]);
}
