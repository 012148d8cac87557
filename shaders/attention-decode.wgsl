// attention-decode: for sequences with one row each: turns queries and keys, writes the cache, attends
//
//   projections  f32 [tokens, queries | keys | values], as the products left them
//   keys, values the layer's cache
//   rows         (position, slot, first block in the table, 0) of every row
//   table        blocks of all sequences
//   rope         (cos, sin) [tokens, pairs], with ROPE_DIMENSIONS
//   head_norms   f32 [2, head dim]: of queries, of keys, with HEAD_NORMS
//   y            f32 [tokens, query heads, head dim]; SPLIT: parts [tokens, query heads, stride chunks, head dim / 2 + 1] vec2f,
//                the last (largest, sum), for attention-merge
//   grid         kv heads, splits of the positions, tokens
//   launcher     src/backend/webgpu/kernels/attention.ts
//
// All query heads of a kv head together, so that its keys and values are read once. Dao et al. 2023, "Flash-Decoding".
// A team of 64 invocations takes a chunk of positions.
const HEAD_DIM = {{HEAD_DIM}}u;
const GROUP = {{GROUP}}u;
const TEAMS = {{TEAMS}}u;
const TEAM = 64u;
const WORKGROUP = TEAMS * TEAM;
const WORDS = HEAD_DIM / 2u;
/** Invocations of a team that share a word of the values, each with some of the heads. */
const PARTS = max(1u, TEAM / WORDS);
/** One more than a chunk, against bank conflicts. */
const SCORES = CHUNK + 1u;
const MAX_PARTS = 8u;

@group(0) @binding(0) var<storage, read> projections: array<f32>;
#include "lib/cache"
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read> table: array<u32>;
#if ROPE_DIMENSIONS > 0
@group(0) @binding(5) var<storage, read> rope: array<vec2f>;
#endif
#if HEAD_NORMS
@group(0) @binding(6) var<storage, read> head_norms: array<f32>;
#endif
@group(0) @binding(7) var<storage, read_write> y: array<vec2f>;
@group(0) @binding(8) var<uniform> shape: Shape;

#include "lib/attention-shape"
#include "lib/attended"
#include "lib/heads"

var<workgroup> scores: array<f32, TEAMS * GROUP * SCORES>;
var<workgroup> part_maxima: array<f32, TEAMS * GROUP * MAX_PARTS>;
var<workgroup> cache_rows: array<u32, TEAMS * CHUNK>;
#if !SPLIT
var<workgroup> team_values: array<vec2f, TEAMS * GROUP * WORDS>;
var<workgroup> team_sums: array<vec2f, TEAMS * GROUP>; // (largest, sum)
#endif

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(local_invocation_index) local: u32,
  @builtin(workgroup_id) id: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  let kv_head = id.x;
  let row = id.z;
  let position = rows[row].x;
  let first_block = rows[row].z;
  let first = first_visible(position);
  let chunks = position / CHUNK + 1u - first / CHUNK;
#if SPLIT
  let share = (chunks + grid.y - 1u) / grid.y;
  let first_chunk = first / CHUNK + min(id.y * share, chunks);
  let end_chunk = first / CHUNK + min((id.y + 1u) * share, chunks);
#else
  let first_chunk = first / CHUNK;
  let end_chunk = first_chunk + chunks;
#endif

  load_heads(row, kv_head, local);
  if (end_chunk == position / CHUNK + 1u && first_chunk < end_chunk) { store_key_and_value(rows[row].y * shape.num_kv_heads + kv_head, local); }
  storageBarrier();
  workgroupBarrier();

  let team = local / TEAM;
  let lane = local % TEAM;
#if !SPLIT
#for i in 0..{{ITEMS}}
  var total{{i}} = Attended(LOWEST, 0.0, vec2f(0.0));
#endfor
#endif
  for (var round = first_chunk; round < end_chunk; round += TEAMS) {
    let chunk = round + team;
    let p = chunk * CHUNK + lane;
    let is_visible = chunk < end_chunk && p >= first && p <= position;
    if (is_visible) {
      let key = cache_row(first_block, p, kv_head);
      cache_rows[team * CHUNK + lane] = key;
#for g in 0..{{GROUP}}
      var dots{{g}} = vec4f(0.0);
#endfor
      for (var i = 0u; i < HEAD_DIM / 8u; i++) {
        let eight = key_eight(key, i);
#for g in 0..{{GROUP}}
        {
          let at = {{g}}u * HEAD_DIM + 8u * i;
          dots{{g}} = fma(eight[0], vec4f(heads[at], heads[at + 1u], heads[at + 2u], heads[at + 3u]), dots{{g}});
          dots{{g}} = fma(eight[1], vec4f(heads[at + 4u], heads[at + 5u], heads[at + 6u], heads[at + 7u]), dots{{g}});
        }
#endfor
      }
#for g in 0..{{GROUP}}
      scores[(team * GROUP + {{g}}u) * SCORES + lane] = (dots{{g}}.x + dots{{g}}.y) + (dots{{g}}.z + dots{{g}}.w);
#endfor
    } else {
#for g in 0..{{GROUP}}
      scores[(team * GROUP + {{g}}u) * SCORES + lane] = LOWEST;
#endfor
    }
    workgroupBarrier();
    for (var i = lane; i < GROUP * MAX_PARTS; i += TEAM) {
      let at = (team * GROUP + i / MAX_PARTS) * SCORES + i % MAX_PARTS;
      var largest = LOWEST;
      for (var j = 0u; j < CHUNK; j += MAX_PARTS) { largest = max(largest, scores[at + j]); }
      part_maxima[team * GROUP * MAX_PARTS + i] = largest;
    }
    workgroupBarrier();
#for g in 0..{{GROUP}}
    var largest{{g}} = LOWEST;
    for (var j = 0u; j < MAX_PARTS; j++) {
      largest{{g}} = max(largest{{g}}, part_maxima[(team * GROUP + {{g}}u) * MAX_PARTS + j]);
    }
    if (is_visible) {
      let at = (team * GROUP + {{g}}u) * SCORES + lane;
      scores[at] = exp(scores[at] - largest{{g}});
    }
#endfor
    workgroupBarrier();

    let begin = max(first, chunk * CHUNK) - chunk * CHUNK;
    let end = min(position + 1u - min(chunk * CHUNK, position + 1u), CHUNK);
    if (chunk < end_chunk && lane < PARTS * WORDS) {
      for (var w = lane % WORDS; w < WORDS; w += TEAM) {
        let part = lane / WORDS;
#for h in 0..{{HEADS_A_PART}}
        var sum{{h}} = 0.0;
        var value{{h}} = vec2f(0.0);
        let weights{{h}} = (team * GROUP + min(part + {{h}}u * PARTS, GROUP - 1u)) * SCORES;
#endfor
        for (var j = begin; j < end; j++) {
          let v = value_two(cache_rows[team * CHUNK + j], w);
#for h in 0..{{HEADS_A_PART}}
          let weight{{h}} = scores[weights{{h}} + j];
          sum{{h}} += weight{{h}};
          value{{h}} = fma(vec2f(weight{{h}}), v, value{{h}});
#endfor
        }
#for h in 0..{{HEADS_A_PART}}
        {
          let g = part + {{h}}u * PARTS;
          if (g < GROUP) {
            var largest = LOWEST;
            for (var j = 0u; j < MAX_PARTS; j++) {
              largest = max(largest, part_maxima[(team * GROUP + g) * MAX_PARTS + j]);
            }
#if SPLIT
            let at = ((row * shape.num_kv_heads + kv_head) * GROUP + g) * shape.stride + chunk - first / CHUNK;
            y[at * (WORDS + 1u) + w] = value{{h}};
            if (w == 0u) { y[at * (WORDS + 1u) + WORDS] = vec2f(largest, sum{{h}}); }
#else
            team_values[(team * GROUP + g) * WORDS + w] = value{{h}};
            if (w == 0u) { team_sums[team * GROUP + g] = vec2f(largest, sum{{h}}); }
#endif
          }
        }
#endfor
      }
    }
    workgroupBarrier();
#if !SPLIT
#for i in 0..{{ITEMS}}
    {
      let item = local + {{i}}u * WORKGROUP;
      if (item < GROUP * WORDS) {
        for (var t = 0u; t < min(TEAMS, end_chunk - round); t++) {
          let sums = team_sums[t * GROUP + item / WORDS];
          total{{i}} = merged(total{{i}}, Attended(sums.x, sums.y, team_values[t * GROUP * WORDS + item]));
        }
      }
    }
#endfor
#endif
  }
#if !SPLIT
#for i in 0..{{ITEMS}}
  {
    let item = local + {{i}}u * WORKGROUP;
    if (item < GROUP * WORDS) {
      y[(row * shape.num_kv_heads + kv_head) * GROUP * WORDS + item] = total{{i}}.value / total{{i}}.sum;
    }
  }
#endfor
#endif
}
