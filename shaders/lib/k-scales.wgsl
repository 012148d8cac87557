/** (scale, low) of part `j` of eight of a q4_k or q5_k superblock, whose first 16 bytes are `head`: halves d and dmin, 6-bit numbers. */
fn k_scales(head: vec4u, j: u32) -> vec2f {
  let shifted = head.yzw >> vec3u(8u * (j & 3u));
  let early = shifted.xy & vec2u(63u);
  let late = vec2u(shifted.z & 15u, (shifted.z >> 4u) & 15u) | ((shifted.xy >> vec2u(2u)) & vec2u(48u));
  let d = unpack2x16float(head.x);
  return vec2f(d.x, -d.y) * vec2f(select(late, early, j < 4u));
}
