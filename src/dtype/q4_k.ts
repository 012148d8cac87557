import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16 } from './half.ts';
import { groupMin, groupScale } from './k-scales.ts';

const GROUP_SCALES = 4;
const QUANTS = 16;

/**
 * 256 values in 8 groups of 32: scale f16 | minimum's scale f16 | 12 bytes of group scales and minima |
 * 128 bytes of nibbles.
 * value = scale · groupScale · quant - minScale · groupMin.
 *
 * 32 bytes hold two groups: the even one in the low nibbles, the odd one in the high nibbles.
 */
export const q4_k: Format = {
  ggmlType: 12,
  safetensorsName: undefined,
  blockSize: 256,
  blockBytes: 144,

  decode(bytes, values) {
    const blocks = countBlocks(q4_k, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 144;
      const scale = readF16(bytes, at);
      const minScale = readF16(bytes, at + 2);
      for (let group = 0; group < 8; group++) {
        const step = scale * groupScale(bytes, at + GROUP_SCALES, group);
        const min = minScale * groupMin(bytes, at + GROUP_SCALES, group);
        const from = at + QUANTS + (group >> 1) * 32;
        const shift = (group & 1) * 4;
        const to = block * 256 + group * 32;
        for (let i = 0; i < 32; i++) values[to + i] = step * ((bytes[from + i]! >> shift) & 15) - min;
      }
    }
  },
};
