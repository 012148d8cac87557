// attention-merge: the parts of attention-decode together, chunk after chunk
//
//   parts     vec2f [tokens, query heads, stride chunks, head dim / 2 + 1], the last (largest, sum)
//   rows      (position, slot, first block in the table, 0) of every row
//   y         f32 [tokens, query heads, head dim]
//   grid      query heads, tokens
//   launcher  src/backend/webgpu/kernels/attention.ts
const WORDS = {{HEAD_DIM}}u / 2u;
const WORKGROUP = 64u;

@group(0) @binding(0) var<storage, read> parts: array<vec2f>;
@group(0) @binding(1) var<storage, read> rows: array<vec4u>;
@group(0) @binding(2) var<uniform> shape: Shape;
@group(0) @binding(3) var<storage, read_write> y: array<vec2f>;

#include "lib/attention-shape"
#include "lib/attended"

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  let head = id.y * grid.x + id.x;
  let position = rows[id.y].x;
  let chunks = position / CHUNK + 1u - first_visible(position) / CHUNK;
  for (var w = local; w < WORDS; w += WORKGROUP) {
    var total = Attended(LOWEST, 0.0, vec2f(0.0));
    for (var c = 0u; c < chunks; c++) {
      let at = (head * shape.stride + c) * (WORDS + 1u);
      let sums = parts[at + WORDS];
      total = merged(total, Attended(sums.x, sums.y, parts[at + w]));
    }
    y[head * WORDS + w] = total.value / total.sum;
  }
}
