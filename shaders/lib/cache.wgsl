// Keys and values of one layer, [slot][kv head][head dim]; `table` lists the blocks of sequences.
#if KV == f16
@group(0) @binding(1) var<storage, {{CACHE_ACCESS}}> keys: array<vec4u>;
@group(0) @binding(2) var<storage, {{CACHE_ACCESS}}> values: array<u32>;
#else
@group(0) @binding(1) var<storage, {{CACHE_ACCESS}}> keys: array<vec4f>;
@group(0) @binding(2) var<storage, {{CACHE_ACCESS}}> values: array<vec2f>;
#endif

/** Where a position of a sequence lies: the number of its head's row in the cache. */
fn cache_row(first_block: u32, position: u32, kv_head: u32) -> u32 {
  let slot = table[first_block + position / shape.block_size] * shape.block_size + position % shape.block_size;
  return slot * shape.num_kv_heads + kv_head;
}

/** Numbers 8i to 8i + 7 of a key. */
fn key_eight(row: u32, i: u32) -> array<vec4f, 2> {
#if KV == f16
  let k = keys[row * (HEAD_DIM / 8u) + i];
  return array<vec4f, 2>(
    vec4f(unpack2x16float(k.x), unpack2x16float(k.y)), vec4f(unpack2x16float(k.z), unpack2x16float(k.w)));
#else
  let at = row * (HEAD_DIM / 4u) + 2u * i;
  return array<vec4f, 2>(keys[at], keys[at + 1u]);
#endif
}

/** Numbers 2w and 2w + 1 of a value. */
fn value_two(row: u32, w: u32) -> vec2f {
#if KV == f16
  return unpack2x16float(values[row * (HEAD_DIM / 2u) + w]);
#else
  return values[row * (HEAD_DIM / 2u) + w];
#endif
}
