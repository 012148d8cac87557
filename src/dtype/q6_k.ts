import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16 } from './half.ts';

const HIGH_BITS = 128;
const GROUP_SCALES = 192;
const SCALE = 208;

/**
 * 256 values in 16 groups of 16: 128 bytes of low nibbles | 64 bytes of two high bits | 16 signed group scales |
 * scale f16. value = scale · groupScale · (quant - 32).
 *
 * Each half of the block is four runs of 32 values: runs 0 and 1 in the low nibbles of 64 bytes, 2 and 3 in their high
 * nibbles; a byte of high bits holds one pair for each run.
 */
export const q6_k: Format = {
  ggmlType: 14,
  safetensorsName: undefined,
  blockSize: 256,
  blockBytes: 210,

  decode(bytes, values) {
    const blocks = countBlocks(q6_k, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 210;
      const scale = readF16(bytes, at + SCALE);
      for (let group = 0; group < 16; group++) {
        const step = scale * ((bytes[at + GROUP_SCALES + group]! << 24) >> 24);
        const half = group >> 3;
        const run = (group >> 1) & 3;
        const column = (group & 1) * 16;
        const low = at + half * 64 + (run & 1) * 32 + column;
        const high = at + HIGH_BITS + half * 32 + column;
        const lowShift = (run >> 1) * 4;
        const highShift = run * 2;
        const to = block * 256 + group * 16;
        for (let i = 0; i < 16; i++) {
          const quant = ((bytes[low + i]! >> lowShift) & 15) | (((bytes[high + i]! >> highShift) & 3) << 4);
          values[to + i] = step * (quant - 32);
        }
      }
    }
  },
};
