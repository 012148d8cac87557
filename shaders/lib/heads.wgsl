// The query heads of one kv head, its key and its value, for one row: normed (HEAD_NORMS), turned and scaled, in workgroup memory.
// Su et al. 2021, arXiv:2104.09864.
const KEY_AT = GROUP * HEAD_DIM;
const VALUE_AT = KEY_AT + HEAD_DIM;
const PAIRS = {{ROPE_DIMENSIONS}}u / 2u;

/** GROUP queries, a key, a value. */
var<workgroup> heads: array<f32, (GROUP + 2u) * HEAD_DIM>;
#if HEAD_NORMS
const HEAD_LANES = 16u;
var<workgroup> head_squares: array<f32, (GROUP + 1u) * HEAD_LANES>;
#endif

/** Called by the whole workgroup, which may read `heads` afterwards. */
fn load_heads(row: u32, kv_head: u32, local: u32) {
  let kv_width = shape.num_kv_heads * HEAD_DIM;
  let first_query = row * kv_width * (GROUP + 2u) + kv_head * KEY_AT;
  let first_key = row * kv_width * (GROUP + 2u) + kv_width * GROUP + kv_head * HEAD_DIM;
  for (var i = local; i < KEY_AT; i += WORKGROUP) {
    let q = projections[first_query + i];
#if HEAD_NORMS
    heads[i] = q;
#else
    heads[i] = q * shape.scale;
#endif
  }
  for (var i = local; i < HEAD_DIM; i += WORKGROUP) {
    heads[KEY_AT + i] = projections[first_key + i];
    heads[VALUE_AT + i] = projections[first_key + kv_width + i];
  }
  workgroupBarrier();
#if HEAD_NORMS
  for (var i = local; i < (GROUP + 1u) * HEAD_LANES; i += WORKGROUP) {
    var sum = 0.0;
    for (var d = i % HEAD_LANES; d < HEAD_DIM; d += HEAD_LANES) {
      let value = heads[(i / HEAD_LANES) * HEAD_DIM + d];
      sum = fma(value, value, sum);
    }
    head_squares[i] = sum;
  }
  workgroupBarrier();
  for (var i = local; i < VALUE_AT; i += WORKGROUP) {
    let head = i / HEAD_DIM;
    var total = 0.0;
    for (var lane = 0u; lane < HEAD_LANES; lane++) { total += head_squares[head * HEAD_LANES + lane]; }
    let inverse = inverseSqrt(total / f32(HEAD_DIM) + shape.norm_eps);
    let is_query = head < GROUP;
    let normed = heads[i] * inverse * head_norms[select(HEAD_DIM, 0u, is_query) + i % HEAD_DIM];
    heads[i] = select(normed, normed * shape.scale, is_query);
  }
  workgroupBarrier();
#endif
#if ROPE_DIMENSIONS > 0
  for (var i = local; i < (GROUP + 1u) * PAIRS; i += WORKGROUP) {
    let pair = i % PAIRS;
    let head = (i / PAIRS) * HEAD_DIM;
#if PAIRING == half
    let a = head + pair;
    let b = a + PAIRS;
#else
    let a = head + 2u * pair;
    let b = a + 1u;
#endif
    let turn = rope[row * PAIRS + pair]; // cos, sin
    let x = heads[a];
    let y = heads[b];
    heads[a] = fma(x, turn.x, -(y * turn.y));
    heads[b] = fma(x, turn.y, y * turn.x);
  }
  workgroupBarrier();
#endif
}

/** The key and the value of `heads` into their slot. */
fn store_key_and_value(cache_row: u32, local: u32) {
#if KV == f16
  for (var i = local; i < HEAD_DIM / 8u; i += WORKGROUP) {
    let k = KEY_AT + 8u * i;
    keys[cache_row * (HEAD_DIM / 8u) + i] = vec4u(
      pack2x16float(vec2f(heads[k], heads[k + 1u])), pack2x16float(vec2f(heads[k + 2u], heads[k + 3u])),
      pack2x16float(vec2f(heads[k + 4u], heads[k + 5u])), pack2x16float(vec2f(heads[k + 6u], heads[k + 7u])));
  }
  for (var i = local; i < HEAD_DIM / 2u; i += WORKGROUP) {
    let v = VALUE_AT + 2u * i;
    values[cache_row * (HEAD_DIM / 2u) + i] = pack2x16float(vec2f(heads[v], heads[v + 1u]));
  }
#else
  for (var i = local; i < HEAD_DIM / 4u; i += WORKGROUP) {
    let k = KEY_AT + 4u * i;
    keys[cache_row * (HEAD_DIM / 4u) + i] = vec4f(heads[k], heads[k + 1u], heads[k + 2u], heads[k + 3u]);
  }
  for (var i = local; i < HEAD_DIM / 2u; i += WORKGROUP) {
    let v = VALUE_AT + 2u * i;
    values[cache_row * (HEAD_DIM / 2u) + i] = vec2f(heads[v], heads[v + 1u]);
  }
#endif
}
