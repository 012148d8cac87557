// How q5_0 and q5_1 pack 32 five-bit quants: 4 bytes whose bit i is the fifth bit of quant i, then 16 bytes with quant i
// in the low nibble of byte i and quant i + 16 in its high nibble.

/** The fifth bits at `offset`, as one integer. */
export function readFifthBits(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
}

/** Packs quants 0..31 of a block at `offset`. */
export function writeFiveBits(bytes: Uint8Array, offset: number, quant: (i: number) => number): void {
  let fifth = 0;
  for (let i = 0; i < 16; i++) {
    const low = quant(i);
    const high = quant(i + 16);
    bytes[offset + 4 + i] = (low & 15) | ((high & 15) << 4);
    fifth |= ((low >> 4) << i) | ((high >> 4) << (i + 16));
  }
  for (let i = 0; i < 4; i++) bytes[offset + i] = fifth >>> (8 * i);
}
