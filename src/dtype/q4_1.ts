import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16, writeF16 } from './half.ts';
import { range, reciprocal } from './quantize.ts';

/**
 * 32 values: scale f16 | minimum f16 | 16 bytes. value = scale · nibble + minimum.
 * Value i is the low nibble of byte i, value i + 16 its high nibble.
 */
export const q4_1: Format = {
  ggmlType: 3,
  safetensorsName: undefined,
  blockSize: 32,
  blockBytes: 20,

  decode(bytes, values) {
    const blocks = countBlocks(q4_1, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 20;
      const to = block * 32;
      const scale = readF16(bytes, at);
      const minimum = readF16(bytes, at + 2);
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + 4 + i]!;
        values[to + i] = scale * (pair & 15) + minimum;
        values[to + 16 + i] = scale * (pair >> 4) + minimum;
      }
    }
  },

  encode(values, bytes) {
    const blocks = countBlocks(q4_1, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 20;
      const from = block * 32;
      const [min, max] = range(values, from);
      const scale = Math.fround(Math.fround(max - min) / 15);
      const inverse = reciprocal(scale);
      const quantize = (value: number) =>
        Math.min(15, Math.fround(Math.fround(Math.fround(value - min) * inverse) + 0.5)) & 15;

      writeF16(bytes, at, scale);
      writeF16(bytes, at + 2, min);
      for (let i = 0; i < 16; i++)
        bytes[at + 4 + i] = quantize(values[from + i]!) | (quantize(values[from + 16 + i]!) << 4);
    }
  },
};
