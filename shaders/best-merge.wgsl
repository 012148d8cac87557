// best-merge: the largest logit of each row, from what the workgroups of matvec found; of equals the lower id, NaN before all
//
//   parts     u32 [count, rows] of (key, id); key 0: nothing was found
//   logits    f32 [rows, width]
//   y         f32 [rows, 2]: id, then its logit
//   grid      one workgroup a row
//   launcher  src/backend/webgpu/kernels/best-merge.ts

struct Params { width: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<vec2u>;
/** As bits: a compiler may take a NaN for impossible. */
@group(0) @binding(2) var<storage, read> logits: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;

const LANES = 256u;
var<workgroup> best: array<vec2u, LANES>;

fn better(a: vec2u, b: vec2u) -> vec2u {
  return select(a, b, b.x > a.x || (b.x == a.x && b.y < a.y));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var mine = vec2u(0u, 0u);
  for (var i = lane; i < params.count; i += LANES) { mine = better(mine, parts[i * groups.x + group.x]); }
  best[lane] = mine;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { best[lane] = better(best[lane], best[lane + half]); }
    workgroupBarrier();
  }
  if (lane == 0u) {
    y[2u * group.x] = bitcast<u32>(f32(best[0].y));
    y[2u * group.x + 1u] = logits[group.x * params.width + best[0].y];
  }
}
