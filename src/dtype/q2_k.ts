import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16 } from './half.ts';

const QUANTS = 16;
const SCALE = 80;
const MIN_SCALE = 82;

/**
 * 256 values in 16 groups of 16: 16 bytes of scale (low nibble) and minimum (high nibble) | 64 bytes of quants |
 * scale f16 | minimum's scale f16. value = scale · groupScale · quant - minScale · groupMin.
 *
 * A byte of quants holds two bits of four values that lie 32 apart.
 */
export const q2_k: Format = {
  ggmlType: 10,
  safetensorsName: undefined,
  blockSize: 256,
  blockBytes: 84,

  decode(bytes, values) {
    const blocks = countBlocks(q2_k, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 84;
      const scale = readF16(bytes, at + SCALE);
      const minScale = readF16(bytes, at + MIN_SCALE);
      for (let group = 0; group < 16; group++) {
        const packed = bytes[at + group]!;
        const groupScale = scale * (packed & 15);
        const groupMin = minScale * (packed >> 4);
        const from = at + QUANTS + (group >> 3) * 32 + (group & 1) * 16;
        const shift = group & 6;
        const to = block * 256 + group * 16;
        for (let i = 0; i < 16; i++) values[to + i] = groupScale * ((bytes[from + i]! >> shift) & 3) - groupMin;
      }
    }
  },
};
