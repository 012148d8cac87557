import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';
import { f16ToNumber } from './half.ts';

/** 5 exponent bits, 2 of fraction: the upper half of an f16. Micikevicius et al. 2022, arXiv:2209.05433. */
export const f8_e5m2: Format = {
  ggmlType: undefined,
  safetensorsName: 'F8_E5M2',
  blockSize: 1,
  blockBytes: 1,

  decode(bytes, values) {
    const count = countBlocks(f8_e5m2, bytes, values);
    for (let i = 0; i < count; i++) values[i] = f16ToNumber(bytes[i]! << 8);
  },
};

/** 4 exponent bits, 3 of fraction, no infinity; all ones is NaN. Micikevicius et al. 2022, arXiv:2209.05433. */
export const f8_e4m3: Format = {
  ggmlType: undefined,
  safetensorsName: 'F8_E4M3',
  blockSize: 1,
  blockBytes: 1,

  decode(bytes, values) {
    const count = countBlocks(f8_e4m3, bytes, values);
    for (let i = 0; i < count; i++) {
      const byte = bytes[i]!;
      // Read as an f16, the exponent is 8 too small (bias 7 against 15).
      const value = f16ToNumber(((byte & 0x80) << 8) | ((byte & 0x7f) << 7)) * 2 ** 8;
      values[i] = (byte & 0x7f) === 0x7f ? Number.NaN : value;
    }
  },
};
