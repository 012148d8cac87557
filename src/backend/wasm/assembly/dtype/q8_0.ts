// q8_0: scale f16 | 32 signed bytes; value = scale · quant. Unpacked quants carry + 128 and are unsigned.

import { half_to_float } from './half';
import { MIN, QUANTS, SCALE } from './unpacked';

export function unpack_q8_0(block: usize, out: usize): void {
  const offset = i8x16.splat(-128);
  store<f32>(out, half_to_float(load<u16>(block)), SCALE);
  store<f32>(out, 0, MIN);
  v128.store(out, v128.xor(v128.load(block, 2), offset), QUANTS);
  v128.store(out, v128.xor(v128.load(block, 18), offset), QUANTS + 16);
}
