// matmul: products of many rows of activations with a matrix
//
//   x         what prepare wrote
//   scales    of prepare, with int8
//   w0        weights in planes, see dtype/*
//   bias      f32 [outputs], with BIAS
//   gate      f32, laid out as y, with GATED: y = silu(gate) · product
//   y         f32 [tokens, stride], of which the outputs are the columns from `first` on: stored or, with ADD, added
//   grid      ceil(outputs / TILE_ROWS), ceil(tokens / TILE_TOKENS)
//   launcher  src/backend/webgpu/kernels/product.ts
//
// A tile of weights and one of activations meet in workgroup memory; every invocation has MICRO_ROWS x MICRO_TOKENS sums. It walks
// the blocks lane after lane of matvec.wgsl, so that the sums have the same bits.
const INPUTS = {{INPUTS}}u;
const BLOCKS = (INPUTS + 31u) / 32u;
const LANES = {{LANES}}u;
const UNIT = {{UNIT}}u;
const UNITS = BLOCKS / UNIT;
/** Blocks in workgroup memory at a time. */
#if ACTIVATIONS == int8
const STAGE = UNIT;
#else
const STAGE = 1u;
#endif
const LANES_USED = min(LANES, UNITS);
const SIDE = 16u;
const WORKGROUP = SIDE * SIDE;
const TILE_ROWS = SIDE * {{MICRO_ROWS}}u;
const TILE_TOKENS = SIDE * {{MICRO_TOKENS}}u;

#if ACTIVATIONS == int8
@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> scales: array<vec2f>;
#else
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#endif
@group(0) @binding(2) var<storage, read> w0: array<vec4u>;
#if BIAS
@group(0) @binding(3) var<storage, read> bias: array<f32>;
#endif
#if GATED
@group(0) @binding(4) var<storage, read> gate: array<f32>;
#endif
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> shape: Shape;

/** A row of y has `stride` numbers, of which these outputs are those from `first` on, and their biases from `bias` on. */
struct Shape { tokens: u32, stride: u32, first: u32, bias: u32, rows: u32, W0_PLANE1: u32, W0_PLANE2: u32, W0_PLANE3: u32 }

#include "dtype/{{W0_DTYPE}}" with W=w0 PLANES=shape.W0

#if ACTIVATIONS == int8
var<workgroup> w_lo: array<vec4u, TILE_ROWS * STAGE>;
var<workgroup> w_hi: array<vec4u, TILE_ROWS * STAGE>;
var<workgroup> w_scale: array<vec2f, TILE_ROWS * STAGE>;
var<workgroup> x_lo: array<vec4u, TILE_TOKENS * STAGE>;
var<workgroup> x_hi: array<vec4u, TILE_TOKENS * STAGE>;
var<workgroup> x_scale: array<vec2f, TILE_TOKENS * STAGE>;
#else
var<workgroup> w_values: array<vec4f, 8u * TILE_ROWS>;
var<workgroup> x_values: array<vec4f, 8u * TILE_TOKENS>;
#endif

fn load_weights(i: u32, row: u32, b: u32) {
#if ACTIVATIONS == int8
  let block = w0_block(row, b);
  w_lo[i] = block.lo;
  w_hi[i] = block.hi;
  w_scale[i] = block.scale;
#else
  let values = w0_values(row, b);
#for j in 0..8
  w_values[{{j}}u * TILE_ROWS + i] = values[{{j}}];
#endfor
#endif
}

fn load_activations(i: u32, token: u32, b: u32) {
#if ACTIVATIONS == int8
  x_lo[i] = x[token * 2u * BLOCKS + b];
  x_hi[i] = x[(token * 2u + 1u) * BLOCKS + b];
  x_scale[i] = scales[token * BLOCKS + b];
#else
  for (var j = 0u; j < 8u; j++) { x_values[j * TILE_TOKENS + i] = x[(token * 8u + j) * BLOCKS + b]; }
#endif
}

fn finish(row: u32, token: u32, product: f32) {
  if (row >= shape.rows || token >= shape.tokens) { return; }
#if BIAS
  let biased = product + bias[shape.bias + row];
#else
  let biased = product;
#endif
#if GATED
  let g = gate[token * shape.stride + shape.first + row];
  let value = g / (1.0 + exp(-g)) * biased;
#else
  let value = biased;
#endif
#if ADD
  y[token * shape.stride + shape.first + row] += value;
#else
  y[token * shape.stride + shape.first + row] = value;
#endif
}

/** The lane's stage behind this one: the next of the unit, or the first of the lane's next unit. */
fn next(step: u32) -> u32 {
  let stages = UNIT / STAGE;
  return select(step + 1u, step + 1u + (LANES - 1u) * stages, (step + 1u) % stages == 0u);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) id: vec3u) {
  let first_row = id.x * TILE_ROWS;
  let first_token = id.y * TILE_TOKENS;
  let my_row = local % SIDE;
  let my_token = local / SIDE;
#for r in 0..{{MICRO_ROWS}}
#for c in 0..{{MICRO_TOKENS}}
  var sum{{r}}_{{c}} = 0.0;
  var total{{r}}_{{c}} = 0.0;
#endfor
#endfor

  for (var lane = 0u; lane < LANES_USED; lane++) {
    for (var step = lane * (UNIT / STAGE); step < UNITS * (UNIT / STAGE); step = next(step)) {
      workgroupBarrier();
      for (var i = local; i < (TILE_ROWS + TILE_TOKENS) * STAGE; i += WORKGROUP) {
        if (i < TILE_ROWS * STAGE) {
          load_weights(i, min(first_row + i % TILE_ROWS, shape.rows - 1u), step * STAGE + i / TILE_ROWS);
        } else {
          let t = i - TILE_ROWS * STAGE;
          load_activations(t, min(first_token + t % TILE_TOKENS, shape.tokens - 1u), step * STAGE + t / TILE_TOKENS);
        }
      }
      workgroupBarrier();
#if ACTIVATIONS == int8
      for (var u = 0u; u < STAGE; u++) {
#for c in 0..{{MICRO_TOKENS}}
        let t{{c}} = u * TILE_TOKENS + {{c}}u * SIDE + my_token;
        let lo{{c}} = x_lo[t{{c}}];
        let hi{{c}} = x_hi[t{{c}}];
        let scale{{c}} = x_scale[t{{c}}];
#endfor
#for r in 0..{{MICRO_ROWS}}
        let i{{r}} = u * TILE_ROWS + {{r}}u * SIDE + my_row;
        let w{{r}}_ = Block(w_lo[i{{r}}], w_hi[i{{r}}], w_scale[i{{r}}]);
#for c in 0..{{MICRO_TOKENS}}
        sum{{r}}_{{c}} = w0_add(w{{r}}_, lo{{c}}, hi{{c}}, scale{{c}}, sum{{r}}_{{c}});
#endfor
#endfor
      }
#else
#for r in 0..{{MICRO_ROWS}}
#for c in 0..{{MICRO_TOKENS}}
      var p{{r}}_{{c}} = vec4f(0.0);
#endfor
#endfor
      for (var j = 0u; j < 8u; j++) {
#for c in 0..{{MICRO_TOKENS}}
        let x{{c}} = x_values[j * TILE_TOKENS + {{c}}u * SIDE + my_token];
#endfor
#for r in 0..{{MICRO_ROWS}}
        let w{{r}}_ = w_values[j * TILE_ROWS + {{r}}u * SIDE + my_row];
#for c in 0..{{MICRO_TOKENS}}
        p{{r}}_{{c}} = fma(w{{r}}_, x{{c}}, p{{r}}_{{c}});
#endfor
#endfor
      }
#for r in 0..{{MICRO_ROWS}}
#for c in 0..{{MICRO_TOKENS}}
      sum{{r}}_{{c}} += (p{{r}}_{{c}}.x + p{{r}}_{{c}}.y) + (p{{r}}_{{c}}.z + p{{r}}_{{c}}.w);
#endfor
#endfor
#endif
    }
#for r in 0..{{MICRO_ROWS}}
#for c in 0..{{MICRO_TOKENS}}
    total{{r}}_{{c}} += sum{{r}}_{{c}};
    sum{{r}}_{{c}} = 0.0;
#endfor
#endfor
  }

#for r in 0..{{MICRO_ROWS}}
#for c in 0..{{MICRO_TOKENS}}
  finish(first_row + {{r}}u * SIDE + my_row, first_token + {{c}}u * SIDE + my_token, total{{r}}_{{c}});
#endfor
#endfor
}
