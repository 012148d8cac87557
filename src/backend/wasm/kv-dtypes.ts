// Numbers for how keys and values are stored. This file is compiled twice, as opcodes.ts is.

export const KV_F32 = 0;
export const KV_F16 = 1;
export const KV_Q8_0 = 2;
