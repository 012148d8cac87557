// best: the `count` largest of the first `limit` numbers of each row, largest first; of equals the lower id first, NaN before all
//
//   logits    f32 [rows, width]
//   y         f32 [rows, 2 · count]: ids, then their logits
//   grid      one workgroup a row
//   launcher  src/backend/webgpu/plain/best.ts
//
// Round after round finds the next one behind the last: by key, then by id.

struct Params { width: u32, limit: u32, count: u32 }

@group(0) @binding(0) var<uniform> params: Params;
/** As bits: a compiler may take a NaN for impossible. */
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;

const LANES = 256u;
const NOBODY = 0xffffffffu;
var<workgroup> keys: array<u32, LANES>;
var<workgroup> ids: array<u32, LANES>;

#include "lib/logit-key"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x * params.width;
  var last_key = 0xffffffffu;
  var last_id = NOBODY;
  for (var round = 0u; round < params.count; round++) {
    var key = 0u;
    var id = NOBODY;
    for (var i = lane; i < params.limit; i += LANES) {
      let k = key_of(logits[row + i]);
      let is_left = last_id == NOBODY || k < last_key || (k == last_key && i > last_id);
      if (is_left && (id == NOBODY || k > key)) {
        key = k;
        id = i;
      }
    }
    keys[lane] = key;
    ids[lane] = id;
    workgroupBarrier();
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
      if (lane < half) {
        let other = lane + half;
        let wins = ids[other] != NOBODY &&
          (ids[lane] == NOBODY || keys[other] > keys[lane] || (keys[other] == keys[lane] && ids[other] < ids[lane]));
        if (wins) {
          keys[lane] = keys[other];
          ids[lane] = ids[other];
        }
      }
      workgroupBarrier();
    }
    last_key = keys[0];
    last_id = ids[0];
    workgroupBarrier();
    if (lane == 0u) {
      let at = group.x * 2u * params.count + round;
      y[at] = bitcast<u32>(f32(last_id));
      y[at + params.count] = logits[row + last_id];
    }
  }
}
