import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16 } from './half.ts';

const QUANTS = 32;
const GROUP_SCALES = 96;
const SCALE = 108;

/**
 * 256 values in 16 groups of 16: 32 bytes of third bits | 64 bytes of two low bits | 12 bytes of group scales |
 * scale f16. value = scale · (groupScale - 32) · (quant - 4).
 *
 * A byte of quants holds two bits of four values that lie 32 apart. Bit k of third-bit byte i belongs to value
 * 32 k + i.
 */
export const q3_k: Format = {
  ggmlType: 11,
  safetensorsName: undefined,
  blockSize: 256,
  blockBytes: 110,

  decode(bytes, values) {
    const blocks = countBlocks(q3_k, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 110;
      const scale = readF16(bytes, at + SCALE);
      for (let group = 0; group < 16; group++) {
        const groupScale = scale * (sixBitScale(bytes, at + GROUP_SCALES, group) - 32);
        const column = (group & 1) * 16;
        const from = at + QUANTS + (group >> 3) * 32 + column;
        const shift = group & 6;
        const bit = group >> 1;
        const to = block * 256 + group * 16;
        for (let i = 0; i < 16; i++) {
          const quant = ((bytes[from + i]! >> shift) & 3) | (((bytes[at + column + i]! >> bit) & 1) << 2);
          values[to + i] = groupScale * (quant - 4);
        }
      }
    }
  },
};

/** Scale `group` of 16: 8 bytes with two low nibbles each, then 4 bytes with four pairs of high bits each. */
export function sixBitScale(bytes: Uint8Array, at: number, group: number): number {
  const low = (bytes[at + (group & 7)]! >> (group < 8 ? 0 : 4)) & 15;
  const high = (bytes[at + 8 + (group & 3)]! >> (2 * (group >> 2))) & 3;
  return low | (high << 4);
}
