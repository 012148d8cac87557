import { countBlocks } from './count-blocks.ts';
import type { Format } from './format.ts';

/** Numbers that JavaScript's DataView reads. Weights are never stored so; index tables, masks and counters are. */
function plain(
  ggmlType: number | undefined,
  safetensorsName: string,
  blockBytes: number,
  numberAt: (view: DataView, offset: number) => number,
): Format {
  const format: Format = {
    ggmlType,
    safetensorsName,
    blockSize: 1,
    blockBytes,

    // Rounds to f32: integers above 2^24 lose their last bits.
    decode(bytes, values) {
      const count = countBlocks(format, bytes, values);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let i = 0; i < count; i++) values[i] = numberAt(view, i * blockBytes);
    },
  };
  return format;
}

export const f64 = plain(28, 'F64', 8, (view, offset) => view.getFloat64(offset, true));
export const i8 = plain(24, 'I8', 1, (view, offset) => view.getInt8(offset));
export const i16 = plain(25, 'I16', 2, (view, offset) => view.getInt16(offset, true));
export const i32 = plain(26, 'I32', 4, (view, offset) => view.getInt32(offset, true));
export const i64 = plain(27, 'I64', 8, (view, offset) => Number(view.getBigInt64(offset, true)));
export const u8 = plain(undefined, 'U8', 1, (view, offset) => view.getUint8(offset));
export const u16 = plain(undefined, 'U16', 2, (view, offset) => view.getUint16(offset, true));
export const u32 = plain(undefined, 'U32', 4, (view, offset) => view.getUint32(offset, true));
export const u64 = plain(undefined, 'U64', 8, (view, offset) => Number(view.getBigUint64(offset, true)));
export const bool = plain(undefined, 'BOOL', 1, (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1));
