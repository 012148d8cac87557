// repack: one plane of some blocks, gathered from the blocks as a file has them
//
//   source    bytes of whole blocks
//   weight    the plane's words, among others
//   grid      one invocation a word; x and y where there are many
//   launcher  src/backend/webgpu/upload.ts

/** `part_*`: what of a block goes into the plane, in bytes. `first_word`: where the first block's part goes. */
struct Params {
  blocks: u32,
  block_bytes: u32,
  part_offset: u32,
  part_bytes: u32,
  first_word: u32,
  words: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> weight: array<u32>;

/** Blocks have even lengths, so that no half crosses a word. */
fn half_at(byte: u32) -> u32 {
  return (source[byte / 4u] >> (8u * (byte & 2u))) & 0xffffu;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let word = id.y * grid.x * 64u + id.x;
  if (word >= params.words) { return; }
  var low = 0u;
  var high = 0u;
  if (params.part_bytes == 2u) {
    let block = 2u * word;
    low = half_at(block * params.block_bytes + params.part_offset);
    if (block + 1u < params.blocks) { high = half_at((block + 1u) * params.block_bytes + params.part_offset); }
  } else {
    let words = params.part_bytes / 4u;
    let at = (word / words) * params.block_bytes + params.part_offset + 4u * (word % words);
    low = half_at(at);
    high = half_at(at + 2u);
  }
  weight[params.first_word + word] = low | (high << 16u);
}
