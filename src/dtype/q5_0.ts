import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16, writeF16 } from './half.ts';
import { extreme, reciprocal } from './quantize.ts';
import { readFifthBits, writeFiveBits } from './five-bits.ts';

/** 32 values: scale f16 | 4 bytes with each value's fifth bit | 16 bytes of nibbles. value = scale · (quant - 16). */
export const q5_0: Format = {
  ggmlType: 6,
  safetensorsName: undefined,
  blockSize: 32,
  blockBytes: 22,

  decode(bytes, values) {
    const blocks = countBlocks(q5_0, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 22;
      const to = block * 32;
      const scale = readF16(bytes, at);
      const fifth = readFifthBits(bytes, at + 2);
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + 6 + i]!;
        values[to + i] = scale * (((pair & 15) | (((fifth >>> i) & 1) << 4)) - 16);
        values[to + 16 + i] = scale * (((pair >> 4) | (((fifth >>> (i + 16)) & 1) << 4)) - 16);
      }
    }
  },

  // The value of largest magnitude becomes -16, which has no positive twin.
  encode(values, bytes) {
    const blocks = countBlocks(q5_0, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 22;
      const from = block * 32;
      const scale = Math.fround(extreme(values, from) / -16);
      const inverse = reciprocal(scale);
      writeF16(bytes, at, scale);
      writeFiveBits(
        bytes,
        at + 2,
        (i) => Math.min(31, Math.fround(Math.fround(values[from + i]! * inverse) + 16.5)) & 31,
      );
    }
  },
};
