/** Four bits of `bits` from each shift on, as bit 4 of four bytes. */
fn fifth_bits(bits: u32, shifts: vec4u) -> vec4u {
  let four = (vec4u(bits) >> shifts) & vec4u(15u);
  // Bit k, times 2^(7k), lies at 8k; the other products fall between.
  return ((four * vec4u(0x00204081u)) & vec4u(0x01010101u)) << vec4u(4u);
}
