import { countBlocks } from './count-blocks.ts';
import { readFifthBits, writeFiveBits } from './five-bits.ts';
import type { Format } from './format.ts';
import { readF16, writeF16 } from './half.ts';
import { range, reciprocal } from './quantize.ts';

/**
 * 32 values: scale f16 | minimum f16 | 4 bytes with each value's fifth bit | 16 bytes of nibbles.
 * value = scale · quant + minimum.
 */
export const q5_1: Format = {
  ggmlType: 7,
  safetensorsName: undefined,
  blockSize: 32,
  blockBytes: 24,

  decode(bytes, values) {
    const blocks = countBlocks(q5_1, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 24;
      const to = block * 32;
      const scale = readF16(bytes, at);
      const minimum = readF16(bytes, at + 2);
      const fifth = readFifthBits(bytes, at + 4);
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + 8 + i]!;
        values[to + i] = scale * ((pair & 15) | (((fifth >>> i) & 1) << 4)) + minimum;
        values[to + 16 + i] = scale * ((pair >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) + minimum;
      }
    }
  },

  encode(values, bytes) {
    const blocks = countBlocks(q5_1, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 24;
      const from = block * 32;
      const [min, max] = range(values, from);
      const scale = Math.fround(Math.fround(max - min) / 31);
      const inverse = reciprocal(scale);
      writeF16(bytes, at, scale);
      writeF16(bytes, at + 2, min);
      writeFiveBits(
        bytes,
        at + 4,
        (i) => Math.fround(Math.fround(Math.fround(values[from + i]! - min) * inverse) + 0.5) & 31,
      );
    }
  },
};
