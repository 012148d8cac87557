// The 12 bytes in which q4_k and q5_k keep a scale and a minimum of six bits for each of their eight groups:
// scales 0-3, minima 0-3, both with the top bits of groups 4-7 above them, then the low nibbles of groups 4-7.

/** Scale of `group` (0-7), 0-63. */
export function groupScale(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group]! & 63;
  return (bytes[at + group + 4]! & 15) | ((bytes[at + group - 4]! >> 6) << 4);
}

/** Minimum of `group` (0-7), 0-63. */
export function groupMin(bytes: Uint8Array, at: number, group: number): number {
  if (group < 4) return bytes[at + group + 4]! & 63;
  return (bytes[at + group + 4]! >> 4) | ((bytes[at + group]! >> 6) << 4);
}
