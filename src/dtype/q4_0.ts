import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16, writeF16 } from './half.ts';
import { extreme, reciprocal } from './quantize.ts';

/**
 * 32 values: scale f16 | 16 bytes. value = scale · (nibble - 8).
 * Value i is the low nibble of byte i, value i + 16 its high nibble.
 */
export const q4_0: Format = {
  ggmlType: 2,
  safetensorsName: undefined,
  blockSize: 32,
  blockBytes: 18,

  decode(bytes, values) {
    const blocks = countBlocks(q4_0, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 18;
      const to = block * 32;
      const scale = readF16(bytes, at);
      for (let i = 0; i < 16; i++) {
        const pair = bytes[at + 2 + i]!;
        values[to + i] = scale * ((pair & 15) - 8);
        values[to + 16 + i] = scale * ((pair >> 4) - 8);
      }
    }
  },

  // The value of largest magnitude becomes -8, which has no positive twin.
  encode(values, bytes) {
    const blocks = countBlocks(q4_0, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 18;
      const from = block * 32;
      const scale = Math.fround(extreme(values, from) / -8);
      const inverse = reciprocal(scale);
      const quantize = (value: number) => Math.min(15, Math.fround(Math.fround(value * inverse) + 8.5)) & 15;

      writeF16(bytes, at, scale);
      for (let i = 0; i < 16; i++)
        bytes[at + 2 + i] = quantize(values[from + i]!) | (quantize(values[from + 16 + i]!) << 4);
    }
  },
};
