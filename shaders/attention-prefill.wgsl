// attention-prefill: rows of one sequence at a time attend to the cache
//
//   queries   f32 [tokens, queries | keys | values], as place-keys-values left them
//   keys, values  the layer's cache
//   rows      (position, slot, first block in the table, 0) of every row
//   table     blocks of all sequences
//   tiles     (first row, rows) of neighbours in one sequence, at most TILE of them
//   y         f32 [tokens, query heads, head dim]
//   grid      query heads, tiles
//   launcher  src/backend/webgpu/kernels/attention.ts
//
// Dao et al. 2022, arXiv:2205.14135; sums in the order of attention-decode.
const HEAD_DIM = {{HEAD_DIM}}u;
const GROUP = {{GROUP}}u;
const WORKGROUP = 256u;
const WORDS = HEAD_DIM / 2u;
const PARTS = {{PARTS}}u;
/** Queries of an invocation, both where scores are made and where values are summed. */
const PART_QUERIES = 4u;
const TILE = PARTS * PART_QUERIES;
const SCORE_PARTS = WORKGROUP / CHUNK;
const SCORES = CHUNK + 1u;
const MAX_PARTS = 8u;

@group(0) @binding(0) var<storage, read> queries: array<f32>;
#include "lib/cache"
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read> table: array<u32>;
@group(0) @binding(5) var<storage, read> tiles: array<vec4u>;
@group(0) @binding(6) var<storage, read_write> y: array<vec2f>;

@group(0) @binding(7) var<uniform> shape: Shape;

#include "lib/attention-shape"
#include "lib/attended"

var<workgroup> q: array<vec4f, TILE * HEAD_DIM / 4u>;
var<workgroup> scores: array<f32, TILE * SCORES>;
var<workgroup> part_maxima: array<f32, TILE * MAX_PARTS>;
var<workgroup> cache_rows: array<u32, CHUNK>;

fn largest_of(query: u32) -> f32 {
  var largest = LOWEST;
  for (var j = 0u; j < MAX_PARTS; j++) { largest = max(largest, part_maxima[query * MAX_PARTS + j]); }
  return largest;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) id: vec3u) {
  let head = id.x;
  let kv_head = head / GROUP;
  let first_row = tiles[id.y].x;
  let count = tiles[id.y].y;
  let first_position = rows[first_row].x;
  let last_position = first_position + count - 1u;
  let first_block = rows[first_row].z;

  for (var i = local; i < TILE * HEAD_DIM / 4u; i += WORKGROUP) {
    let row = first_row + min(i / (HEAD_DIM / 4u), count - 1u);
    let at = row * (GROUP + 2u) * shape.num_kv_heads * HEAD_DIM + head * HEAD_DIM + 4u * (i % (HEAD_DIM / 4u));
    q[i] = vec4f(queries[at], queries[at + 1u], queries[at + 2u], queries[at + 3u]);
  }
#for i in 0..4
  var total{{i}} = Attended(LOWEST, 0.0, vec2f(0.0));
#endfor

  for (var chunk = first_visible(first_position) / CHUNK; chunk <= last_position / CHUNK; chunk++) {
    workgroupBarrier();
    // Positions behind the last are read as the last, and hidden.
    if (local < CHUNK) { cache_rows[local] = cache_row(first_block, min(chunk * CHUNK + local, last_position), kv_head); }
    workgroupBarrier();

    let p = chunk * CHUNK + local % CHUNK;
    let key = cache_rows[local % CHUNK];
#for i in 0..{{PARTS}}
    var dots{{i}} = vec4f(0.0);
#endfor
    for (var d = 0u; d < HEAD_DIM / 8u; d++) {
      let eight = key_eight(key, d);
#for i in 0..{{PARTS}}
      {
        let at = (local / CHUNK + {{i}}u * SCORE_PARTS) * (HEAD_DIM / 4u) + 2u * d;
        dots{{i}} = fma(eight[0], q[at], dots{{i}});
        dots{{i}} = fma(eight[1], q[at + 1u], dots{{i}});
      }
#endfor
    }
#for i in 0..{{PARTS}}
    {
      let query = local / CHUNK + {{i}}u * SCORE_PARTS;
      let position = first_position + query;
      let is_visible = p <= position && p >= first_visible(position);
      let score = (dots{{i}}.x + dots{{i}}.y) + (dots{{i}}.z + dots{{i}}.w);
      scores[query * SCORES + local % CHUNK] = select(LOWEST, score, is_visible);
    }
#endfor
    workgroupBarrier();
    for (var i = local; i < TILE * MAX_PARTS; i += WORKGROUP) {
      var largest = LOWEST;
      let at = (i / MAX_PARTS) * SCORES + i % MAX_PARTS;
      for (var j = 0u; j < CHUNK; j += MAX_PARTS) { largest = max(largest, scores[at + j]); }
      part_maxima[i] = largest;
    }
    workgroupBarrier();
#for i in 0..{{PARTS}}
    {
      let query = local / CHUNK + {{i}}u * SCORE_PARTS;
      let at = query * SCORES + local % CHUNK;
      let score = scores[at];
      scores[at] = select(0.0, exp(score - largest_of(query)), score > LOWEST);
    }
#endfor
    workgroupBarrier();
    if (local < PARTS * WORDS) {
      let part = local / WORDS;
      let w = local % WORDS;
#for i in 0..4
      var sum{{i}} = 0.0;
      var value{{i}} = vec2f(0.0);
#endfor
      let end = min(last_position + 1u - chunk * CHUNK, CHUNK);
      for (var j = 0u; j < end; j++) {
        let v = value_two(cache_rows[j], w);
#for i in 0..4
        let weight{{i}} = scores[(part * PART_QUERIES + {{i}}u) * SCORES + j];
        sum{{i}} += weight{{i}};
        value{{i}} = fma(vec2f(weight{{i}}), v, value{{i}});
#endfor
      }
#for i in 0..4
      {
        let largest = largest_of(part * PART_QUERIES + {{i}}u);
        if (largest > LOWEST) { total{{i}} = merged(total{{i}}, Attended(largest, sum{{i}}, value{{i}})); }
      }
#endfor
    }
  }

  if (local < PARTS * WORDS) {
    let w = local % WORDS;
#for i in 0..4
    {
      let query = (local / WORDS) * PART_QUERIES + {{i}}u;
      if (query < count) {
        y[((first_row + query) * shape.num_kv_heads * GROUP + head) * WORDS + w] = total{{i}}.value / total{{i}}.sum;
      }
    }
#endfor
  }
}
