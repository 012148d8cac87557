import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16, writeF16 } from './half.ts';

/** Half precision, little-endian. */
export const f16: Format = {
  ggmlType: 1,
  safetensorsName: 'F16',
  blockSize: 1,
  blockBytes: 2,

  decode(bytes, values) {
    const count = countBlocks(f16, bytes, values);
    for (let i = 0; i < count; i++) values[i] = readF16(bytes, 2 * i);
  },

  encode(values, bytes) {
    const count = countBlocks(f16, bytes, values);
    for (let i = 0; i < count; i++) writeF16(bytes, 2 * i, values[i]!);
  },
};
