// silu-multiply: y[t, i] = silu(x[t, i]) · x[t, width + i], silu(g) = g / (1 + e⁻ᵍ)
//
//   x         f32 [tokens, 2 · width]: gates, then what they let through
//   y         f32 [tokens, width]
//   grid      width / 64, tokens
//   launcher  src/backend/webgpu/plain/gated-linear.ts
//   source    Shazeer 2020, arXiv:2002.05202

struct Params { width: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width) { return; }
  let gate = x[2u * id.y * params.width + id.x];
  let up = x[(2u * id.y + 1u) * params.width + id.x];
  y[id.y * params.width + id.x] = gate / (1.0 + exp(-gate)) * up;
}
