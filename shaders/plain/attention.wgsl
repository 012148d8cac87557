// attention: y[t, h] = Σₚ softmaxₚ(scale · q[t, h] · keys[p]) · values[p], p up to the row's position
//
//   projections   f32 [tokens, queries | keys | values]; queries normed and turned
//   keys, values  the layer's cache
//   rows          (position, slot, first block, 0) of every row
//   table         blocks of all sequences
//   y             f32 [tokens, query heads · head dim]
//   grid          query heads, tokens
//   launcher      src/backend/webgpu/plain/attention.ts
//   source        Milakov & Gimelshein 2018, arXiv:1805.02867; Kwon et al. 2023, arXiv:2309.06180
//
// Positions come in chunks that begin at multiples of CHUNK, whatever the batch: the order of sums is the position's own.

struct Params {
  head_dim: u32,
  num_heads: u32,
  num_kv_heads: u32,
  block_size: u32,
  window: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> projections: array<f32>;
#include "plain/cache"
@group(0) @binding(2) var<storage, read> keys: array<CacheWord>;
@group(0) @binding(3) var<storage, read> values: array<CacheWord>;
@group(0) @binding(4) var<storage, read> rows: array<vec4u>;
@group(0) @binding(5) var<storage, read> table: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

const CHUNK = 64u;
const LOWEST = -3.0e38;
/** Numbers of a head that one lane adds up: heads of up to 512. */
const PARTS = 8u;

var<workgroup> weights: array<f32, CHUNK>;
var<workgroup> cache_rows: array<u32, CHUNK>;

#if KV == f16
fn key(at: u32) -> f32 { return unpack2x16float(keys[at / 2u])[at % 2u]; }
fn value(at: u32) -> f32 { return unpack2x16float(values[at / 2u])[at % 2u]; }
#else
fn key(at: u32) -> f32 { return keys[at]; }
fn value(at: u32) -> f32 { return values[at]; }
#endif

@compute @workgroup_size(CHUNK)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let token = group.y;
  let kv_head = head / (params.num_heads / params.num_kv_heads);
  let query = token * (params.num_heads + 2u * params.num_kv_heads) * params.head_dim + head * params.head_dim;
  let row = rows[token];
  let end = row.x + 1u;
  let first = select(0u, end - params.window, end > params.window);

  var acc = array<f32, PARTS>();
  var largest = LOWEST;
  var sum = 0.0;
  for (var chunk = first / CHUNK * CHUNK; chunk < end; chunk += CHUNK) {
    let position = chunk + lane;
    let is_seen = position >= first && position < end;
    var score = LOWEST;
    if (is_seen) {
      let block = table[row.z + position / params.block_size];
      let slot = block * params.block_size + position % params.block_size;
      let at = (slot * params.num_kv_heads + kv_head) * params.head_dim;
      var dot = 0.0;
      for (var i = 0u; i < params.head_dim; i++) { dot += projections[query + i] * key(at + i); }
      score = dot * params.scale;
      cache_rows[lane] = at;
    }
    weights[lane] = score;
    workgroupBarrier();
    var highest = largest;
    for (var p = 0u; p < CHUNK; p++) { highest = max(highest, weights[p]); }
    workgroupBarrier();
    weights[lane] = select(0.0, exp(score - highest), is_seen);
    workgroupBarrier();
    let fade = exp(largest - highest);
    largest = highest;
    sum *= fade;
    for (var part = 0u; part < PARTS; part++) { acc[part] *= fade; }
    for (var p = max(first, chunk) - chunk; p < min(end - chunk, CHUNK); p++) {
      let weight = weights[p];
      sum += weight;
      for (var part = 0u; part < PARTS; part++) {
        let i = part * CHUNK + lane;
        if (i < params.head_dim) { acc[part] += weight * value(cache_rows[p] + i); }
      }
    }
    workgroupBarrier();
  }
  for (var part = 0u; part < PARTS; part++) {
    let i = part * CHUNK + lane;
    if (i < params.head_dim) { y[(token * params.num_heads + head) * params.head_dim + i] = acc[part] / sum; }
  }
}
