// fill: y[i] = value
//
//   y         f32 [count]
//   grid      one invocation a number
//   launcher  none: tests and micro-benchmarks

struct Params { count: u32, value: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size({{WORKGROUP}})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < params.count) { y[id.x] = params.value; }
}
