import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16 } from './half.ts';
import { groupMin, groupScale } from './k-scales.ts';

const GROUP_SCALES = 4;
const FIFTH_BITS = 16;
const QUANTS = 48;

/**
 * 256 values in 8 groups of 32: scale f16 | minimum's scale f16 | 12 bytes of group scales and minima |
 * 32 bytes of fifth bits | 128 bytes of nibbles. value = scale · groupScale · quant - minScale · groupMin.
 *
 * Nibbles lie as in q4_k; bit g of fifth-bit byte i belongs to value i of group g.
 */
export const q5_k: Format = {
  ggmlType: 13,
  safetensorsName: undefined,
  blockSize: 256,
  blockBytes: 176,

  decode(bytes, values) {
    const blocks = countBlocks(q5_k, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 176;
      const scale = readF16(bytes, at);
      const minScale = readF16(bytes, at + 2);
      for (let group = 0; group < 8; group++) {
        const step = scale * groupScale(bytes, at + GROUP_SCALES, group);
        const min = minScale * groupMin(bytes, at + GROUP_SCALES, group);
        const from = at + QUANTS + (group >> 1) * 32;
        const shift = (group & 1) * 4;
        const to = block * 256 + group * 32;
        for (let i = 0; i < 32; i++) {
          const fifth = (bytes[at + FIFTH_BITS + i]! >> group) & 1;
          values[to + i] = step * (((bytes[from + i]! >> shift) & 15) | (fifth << 4)) - min;
        }
      }
    }
  },
};
