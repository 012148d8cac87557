// The form every quantised block takes between its file and a packed weight: one byte per value, scales apart.
//
//   f32 scale | f32 min | 8 B 0 | i8 group scales x 16 | i8 group minima x 16 | u8 quants x 32 or x 256
//
//   blocks of 32      value = scale · (quant - zero) + min           zero is 8, 128 or 0
//   K-quants, 256     value = scale · groupScale · (quant - zero) - min · groupMin
//                     one group scale and minimum for 16 values, or for 32 in their first 8 places

export const SCALE: usize = 0;
export const MIN: usize = 4;
export const GROUP_SCALES: usize = 16;
export const GROUP_MINS: usize = 32;
export const QUANTS: usize = 48;
export const UNPACKED_BYTES: usize = 304;
