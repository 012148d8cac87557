import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { readF16, writeF16 } from './half.ts';
import { extreme, reciprocal } from './quantize.ts';

/** 32 values: scale f16 | 32 signed bytes. value = scale · quant. */
export const q8_0: Format = {
  ggmlType: 8,
  safetensorsName: undefined,
  blockSize: 32,
  blockBytes: 34,

  decode(bytes, values) {
    const blocks = countBlocks(q8_0, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 34;
      const scale = readF16(bytes, at);
      for (let i = 0; i < 32; i++) values[block * 32 + i] = scale * ((bytes[at + 2 + i]! << 24) >> 24);
    }
  },

  encode(values, bytes) {
    const blocks = countBlocks(q8_0, bytes, values);
    for (let block = 0; block < blocks; block++) {
      const at = block * 34;
      const scale = Math.fround(Math.abs(extreme(values, block * 32)) / 127);
      const inverse = reciprocal(scale);
      writeF16(bytes, at, scale);
      for (let i = 0; i < 32; i++) bytes[at + 2 + i] = roundHalfAway(Math.fround(values[block * 32 + i]! * inverse));
    }
  },
};

/** C's roundf; Math.round takes -0.5 to 0. */
function roundHalfAway(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}
