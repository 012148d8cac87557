// matvec: products of few rows of activations with up to three matrices of the same width
//
//   x         SHARED: f32 [1, inputs], normed (NORM) and quantised by every workgroup for itself; otherwise what prepare wrote
//   norm      f32 [inputs], with NORM
//   scales    of prepare, with int8 and without SHARED
//   w0 w1 w2  weights in planes, see dtype/*; GATED: w0 is the gate, w1 the other factor
//   bias      f32 [outputs] of all matrices, one after another, with BIAS
//   y         f32 [tokens, stride], of which the outputs are the columns from `first` on: stored or, with ADD, added
//   parts     u32 [workgroups of a row, tokens] of (key, output): each workgroup's largest of the first `limit` outputs, key 0 where
//             it has none of them; with BEST
//   grid      ceil(rows / rows of a workgroup) of every matrix (GATED: of one), ceil(tokens / COLUMNS)
//   launcher  src/backend/webgpu/kernels/product.ts
//
// LANES invocations share a row: unit u of UNIT blocks belongs to lane u mod LANES, a lane adds its blocks in order, and the
// lanes' sums are added in order. matmul.wgsl adds in the same order, so that both have the same bits.
#if GATHER == shuffle
enable subgroups;
#endif
const INPUTS = {{INPUTS}}u;
const BLOCKS = (INPUTS + 31u) / 32u;
const WORKGROUP = {{WORKGROUP}}u;
const LANES = {{LANES}}u;
const UNIT = {{UNIT}}u;
const STEPS = (BLOCKS + LANES * UNIT - 1u) / (LANES * UNIT);
const LANES_USED = min(LANES, BLOCKS / UNIT);
const GROUPS = WORKGROUP / LANES;
const ROWS = {{ROWS}}u;
const COLUMNS = {{COLUMNS}}u;
const GROUP_ROWS = GROUPS * ROWS;
#if GATED
const SUMS = 2u;
#else
const SUMS = 1u;
#endif

#if SHARED
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#elif ACTIVATIONS == int8
@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> scales: array<vec2f>;
#else
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
#endif
#if NORM
@group(0) @binding(1) var<storage, read> norm: array<vec4f>;
#endif
@group(0) @binding(2) var<storage, read> w0: array<vec4u>;
#if MATRICES > 1
@group(0) @binding(3) var<storage, read> w1: array<vec4u>;
#endif
#if MATRICES > 2
@group(0) @binding(4) var<storage, read> w2: array<vec4u>;
#endif
#if BIAS
@group(0) @binding(5) var<storage, read> bias: array<f32>;
#endif
@group(0) @binding(6) var<storage, read_write> y: array<f32>;
@group(0) @binding(7) var<uniform> shape: Shape;
#if BEST
@group(0) @binding(8) var<storage, read_write> parts: array<vec2u>;
#endif

/** A row of y has `stride` numbers, of which these outputs are those from `first` on, and their biases from `bias` on. */
struct Shape {
  tokens: u32, stride: u32, first: u32, bias: u32,
  w0_rows: u32, W0_PLANE1: u32, W0_PLANE2: u32, W0_PLANE3: u32,
  w1_rows: u32, W1_PLANE1: u32, W1_PLANE2: u32, W1_PLANE3: u32, w1_first_group: u32,
  w2_rows: u32, W2_PLANE1: u32, W2_PLANE2: u32, W2_PLANE3: u32, w2_first_group: u32,
#if BEST
  limit: u32, first_part: u32,
#endif
}

#include "dtype/{{W0_DTYPE}}" with W=w0 PLANES=shape.W0
#if MATRICES > 1
#include "dtype/{{W1_DTYPE}}" with W=w1 PLANES=shape.W1
#endif
#if MATRICES > 2
#include "dtype/{{W2_DTYPE}}" with W=w2 PLANES=shape.W2
#endif

#if SHARED
#if ACTIVATIONS == int8
#include "lib/quantise"
var<workgroup> quants: array<vec4u, 2u * BLOCKS>;
var<workgroup> quant_scales: array<vec2f, BLOCKS>;
#else
var<workgroup> normed: array<vec4f, 8u * BLOCKS>;
#endif
#include "lib/activations"

/** The row of activations, ready for products, into workgroup memory. */
fn prepare(local: u32) {
#if NORM
  let inverse = inverse_rms(0u, local);
#else
  let inverse = 1.0;
#endif
  for (var b = local; b < BLOCKS; b += WORKGROUP) {
    let v = activations(0u, b, inverse);
#if ACTIVATIONS == int8
    let q = quantised(v);
    quants[b] = q.lo;
    quants[BLOCKS + b] = q.hi;
    quant_scales[b] = q.scale_and_sum;
#else
#for j in 0..8
    normed[{{j}}u * BLOCKS + b] = v[{{j}}];
#endfor
#endif
  }
  workgroupBarrier();
}
#endif

#if ACTIVATIONS == f32
#include "lib/float"
#endif

#if GATHER == shared
// A column more than there are lanes: the invocations that add a row each then read from different banks.
var<workgroup> partial: array<f32, SUMS * GROUP_ROWS * COLUMNS * (LANES + 1u)>;

/** The sum of all lanes. `o`: of which row and column. */
fn lanes_of(o: u32) -> f32 {
  var total = 0.0;
  for (var lane = 0u; lane < LANES_USED; lane++) { total += partial[o * (LANES + 1u) + lane]; }
  return total;
}
#else
fn lanes_of(sum: f32, invocation: u32) -> f32 {
  let first = invocation & ~(LANES - 1u);
  var total = 0.0;
  for (var lane = 0u; lane < LANES_USED; lane++) { total += subgroupShuffle(sum, first + lane); }
  return total;
}
#endif

#if BEST
#include "lib/logit-key"
const OUTPUTS = GROUP_ROWS * COLUMNS;
var<workgroup> output_keys: array<u32, OUTPUTS>;
var<workgroup> best_keys: array<atomic<u32>, COLUMNS>;
/** Complements, so that the largest is the first row. */
var<workgroup> best_rows: array<atomic<u32>, COLUMNS>;

/** Called by the whole workgroup when all its keys are known. `output`: of its first row. */
fn store_best(local: u32, first_token: u32, output: u32, group: u32) {
  workgroupBarrier();
  for (var o = local; o < OUTPUTS; o += WORKGROUP) {
    if (output_keys[o] == atomicLoad(&best_keys[o / GROUP_ROWS])) {
      atomicMax(&best_rows[o / GROUP_ROWS], ~(o % GROUP_ROWS));
    }
  }
  workgroupBarrier();
  if (local < COLUMNS && first_token + local < shape.tokens) {
    let row = ~atomicLoad(&best_rows[local]);
    let part = (shape.first_part + group) * shape.tokens + first_token + local;
    parts[part] = vec2u(atomicLoad(&best_keys[local]), shape.first + output + row);
  }
}
#endif

/** `n`: the output; `token`: the row; `o`: which of the workgroup's outputs. */
fn finish(n: u32, token: u32, o: u32, sums: vec2f) {
#if BIAS
#if GATED
  let biased = sums + vec2f(bias[shape.bias + n], bias[shape.bias + shape.w0_rows + n]);
#else
  let biased = sums + vec2f(bias[shape.bias + n], 0.0);
#endif
#else
  let biased = sums;
#endif
#if GATED
  let value = biased.x / (1.0 + exp(-biased.x)) * biased.y;
#else
  let value = biased.x;
#endif
#if ADD
  y[token * shape.stride + shape.first + n] += value;
#else
  y[token * shape.stride + shape.first + n] = value;
#endif
#if BEST
  if (shape.first + n < shape.limit) {
    let key = key_of(bitcast<u32>(value));
    output_keys[o] = key;
    atomicMax(&best_keys[o / GROUP_ROWS], key);
  }
#endif
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) id: vec3u,
#if GATHER == shuffle
  @builtin(subgroup_invocation_id) invocation: u32,
#endif
) {
#if SHARED
  prepare(local);
#endif
  let group = local / LANES;
  let lane = local % LANES;
  let first_token = id.y * COLUMNS;
#for c in 0..{{COLUMNS}}
#if COLUMNS > 1
  let token{{c}} = min(first_token + {{c}}u, shape.tokens - 1u);
#else
  let token{{c}} = 0u;
#endif
#endfor

  // Which matrix, and the workgroup's first row of it.
  var first_row = id.x * GROUP_ROWS;
  var matrix_rows = shape.w0_rows;
  var output = first_row;
#if MATRICES > 1 && !GATED
  var matrix = 0u;
  if (id.x >= shape.w1_first_group) {
    matrix = 1u;
    first_row = (id.x - shape.w1_first_group) * GROUP_ROWS;
    matrix_rows = shape.w1_rows;
    output = shape.w0_rows + first_row;
  }
#endif
#if MATRICES > 2
  if (id.x >= shape.w2_first_group) {
    matrix = 2u;
    first_row = (id.x - shape.w2_first_group) * GROUP_ROWS;
    matrix_rows = shape.w2_rows;
    output = shape.w0_rows + shape.w1_rows + first_row;
  }
#endif

#for r in 0..{{ROWS}}
  // Rows behind the last are computed as the last and not stored.
  let row{{r}} = min(first_row + group * ROWS + {{r}}u, matrix_rows - 1u);
#for c in 0..{{COLUMNS}}
  var sum{{r}}_{{c}} = 0.0;
#if GATED
  var other{{r}}_{{c}} = 0.0;
#endif
#endfor
#endfor

#for m in 0..{{LOOPS}}
#if LOOPS > 1
  if (matrix == {{m}}u) {
#endif
  for (var step = 0u; step < STEPS; step++) {
#for u in 0..{{UNIT}}
    {
      let b = (step * LANES + lane) * UNIT + {{u}}u;
#if WHOLE
#else
      if (b < BLOCKS) {
#endif
#for r in 0..{{ROWS}}
#if ACTIVATIONS == int8
      let weights{{r}} = w{{m}}_block(row{{r}}, b);
#if GATED
      let others{{r}} = w1_block(row{{r}}, b);
#endif
#else
      let weights{{r}} = w{{m}}_values(row{{r}}, b);
#if GATED
      let others{{r}} = w1_values(row{{r}}, b);
#endif
#endif
#endfor
#for c in 0..{{COLUMNS}}
#if ACTIVATIONS == int8
#if SHARED
      let lo{{c}} = quants[b];
      let hi{{c}} = quants[BLOCKS + b];
      let scale{{c}} = quant_scales[b];
#else
      let lo{{c}} = x[token{{c}} * 2u * BLOCKS + b];
      let hi{{c}} = x[(token{{c}} * 2u + 1u) * BLOCKS + b];
      let scale{{c}} = scales[token{{c}} * BLOCKS + b];
#endif
#for r in 0..{{ROWS}}
      sum{{r}}_{{c}} = w{{m}}_add(weights{{r}}, lo{{c}}, hi{{c}}, scale{{c}}, sum{{r}}_{{c}});
#if GATED
      other{{r}}_{{c}} = w1_add(others{{r}}, lo{{c}}, hi{{c}}, scale{{c}}, other{{r}}_{{c}});
#endif
#endfor
#else
#if SHARED
      let x{{c}} = array<vec4f, 8>(
        normed[b], normed[BLOCKS + b], normed[2u * BLOCKS + b], normed[3u * BLOCKS + b],
        normed[4u * BLOCKS + b], normed[5u * BLOCKS + b], normed[6u * BLOCKS + b], normed[7u * BLOCKS + b]);
#else
      let at{{c}} = token{{c}} * 8u * BLOCKS + b;
      let x{{c}} = array<vec4f, 8>(
        x[at{{c}}], x[at{{c}} + BLOCKS], x[at{{c}} + 2u * BLOCKS], x[at{{c}} + 3u * BLOCKS],
        x[at{{c}} + 4u * BLOCKS], x[at{{c}} + 5u * BLOCKS], x[at{{c}} + 6u * BLOCKS], x[at{{c}} + 7u * BLOCKS]);
#endif
#for r in 0..{{ROWS}}
      sum{{r}}_{{c}} += product(weights{{r}}, x{{c}});
#if GATED
      other{{r}}_{{c}} += product(others{{r}}, x{{c}});
#endif
#endfor
#endif
#endfor
#if WHOLE
#else
      }
#endif
    }
#endfor
  }
#if LOOPS > 1
  }
#endif
#endfor

#if GATHER == shared
#for r in 0..{{ROWS}}
#for c in 0..{{COLUMNS}}
  {
    let o = {{c}}u * GROUP_ROWS + group * ROWS + {{r}}u;
    partial[o * (LANES + 1u) + lane] = sum{{r}}_{{c}};
#if GATED
    partial[(COLUMNS * GROUP_ROWS + o) * (LANES + 1u) + lane] = other{{r}}_{{c}};
#endif
  }
#endfor
#endfor
  workgroupBarrier();
  for (var o = local; o < GROUP_ROWS * COLUMNS; o += WORKGROUP) {
    let row = o % GROUP_ROWS;
    let token = first_token + o / GROUP_ROWS;
#if COLUMNS > 1
    let is_wanted = first_row + row < matrix_rows && token < shape.tokens;
#else
    let is_wanted = first_row + row < matrix_rows;
#endif
    if (is_wanted) {
#if GATED
      finish(output + row, token, o, vec2f(lanes_of(o), lanes_of(COLUMNS * GROUP_ROWS + o)));
#else
      finish(output + row, token, o, vec2f(lanes_of(o), 0.0));
#endif
    }
  }
#else
#for r in 0..{{ROWS}}
#for c in 0..{{COLUMNS}}
  {
#if GATED
    let sums = vec2f(lanes_of(sum{{r}}_{{c}}, invocation), lanes_of(other{{r}}_{{c}}, invocation));
#else
    let sums = vec2f(lanes_of(sum{{r}}_{{c}}, invocation), 0.0);
#endif
    let row = group * ROWS + {{r}}u;
#if COLUMNS > 1
    let is_wanted = lane == 0u && first_row + row < matrix_rows && first_token + {{c}}u < shape.tokens;
#else
    let is_wanted = lane == 0u && first_row + row < matrix_rows;
#endif
    if (is_wanted) { finish(output + row, token{{c}}, {{c}}u * GROUP_ROWS + row, sums); }
  }
#endfor
#endfor
#endif
#if BEST
  store_best(local, first_token, output, id.x);
#endif
}
