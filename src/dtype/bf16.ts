import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { numberToBf16 } from './half.ts';

/** bfloat16: the upper half of a float, little-endian. */
export const bf16: Format = {
  ggmlType: 30,
  safetensorsName: 'BF16',
  blockSize: 1,
  blockBytes: 2,

  decode(bytes, values) {
    const count = countBlocks(bf16, bytes, values);
    const bits = new Uint32Array(values.buffer, values.byteOffset, count);
    for (let i = 0; i < count; i++) bits[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
  },

  encode(values, bytes) {
    const count = countBlocks(bf16, bytes, values);
    for (let i = 0; i < count; i++) {
      const half = numberToBf16(values[i]!);
      bytes[2 * i] = half;
      bytes[2 * i + 1] = half >>> 8;
    }
  },
};
