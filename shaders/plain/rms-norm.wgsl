// rms-norm: y[r, i] = x[r, i] · weight[i] / √(mean(x[r]²) + eps)
//
//   rows      u32 [count]: with PICK, the row of x that becomes row r; otherwise row r itself
//   x, y      f32 [rows, width]
//   weight    f32 [width]
//   grid      one workgroup a row
//   launcher  src/backend/webgpu/plain/rms-norm.ts
//   source    Zhang & Sennrich 2019, arXiv:1910.07467

struct Params { width: u32, eps: f32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#if PICK
@group(0) @binding(4) var<storage, read> rows: array<u32>;
#endif

const LANES = 64u;
var<workgroup> squares: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
#if PICK
  let first = rows[group.x] * params.width;
#else
  let first = group.x * params.width;
#endif
  var sum = 0.0;
  for (var i = lane; i < params.width; i += LANES) { sum += x[first + i] * x[first + i]; }
  squares[lane] = sum;
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < LANES; i++) { total += squares[i]; }
  let factor = 1.0 / sqrt(total / f32(params.width) + params.eps);
  for (var i = lane; i < params.width; i += LANES) {
    y[group.x * params.width + i] = x[first + i] * factor * weight[i];
  }
}
