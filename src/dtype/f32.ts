import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';

/** Single precision, little-endian. */
export const f32: Format = {
  ggmlType: 0,
  safetensorsName: 'F32',
  blockSize: 1,
  blockBytes: 4,

  // Every machine that runs JavaScript is little-endian, as the files are.
  decode(bytes, values) {
    countBlocks(f32, bytes, values);
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(bytes);
  },

  encode(values, bytes) {
    countBlocks(f32, bytes, values);
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  },
};
