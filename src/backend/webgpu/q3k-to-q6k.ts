import { formats } from '../../dtype/index.ts';
import { sixBitScale } from '../../dtype/q3_k.ts';

const Q3K_QUANTS = 32;
const Q3K_SCALES = 96;
const Q3K_SCALE = 108;
const Q6K_HIGH_BITS = 128;
const Q6K_SCALES = 192;
const Q6K_SCALE = 208;

/** Blocks of q3_k as blocks of q6_k with the same values: three bits of quants become six, scales of 6 bits become 8. */
export function q3kToQ6k(q3k: Uint8Array, q6k: Uint8Array): void {
  q6k.fill(0);
  const { blockBytes: from } = formats.q3_k;
  const { blockBytes: to } = formats.q6_k;
  for (let block = 0; block < q3k.length / from; block++) {
    convertBlock(q3k.subarray(block * from, (block + 1) * from), q6k.subarray(block * to, (block + 1) * to));
  }
}

/** dtype/q3_k.ts and dtype/q6_k.ts describe both layouts. */
function convertBlock(q3k: Uint8Array, q6k: Uint8Array): void {
  q6k.set(q3k.subarray(Q3K_SCALE, Q3K_SCALE + 2), Q6K_SCALE);
  for (let group = 0; group < 16; group++) {
    q6k[Q6K_SCALES + group] = sixBitScale(q3k, Q3K_SCALES, group) - 32;
    const half = group >> 3;
    const run = (group >> 1) & 3;
    const column = (group & 1) * 16;
    for (let i = column; i < column + 16; i++) {
      const lowBits = (q3k[Q3K_QUANTS + half * 32 + i]! >> (2 * run)) & 3;
      const thirdBit = (q3k[i]! >> (group >> 1)) & 1;
      const quant = (lowBits | (thirdBit << 2)) - 4 + 32;
      q6k[half * 64 + (run & 1) * 32 + i]! |= (quant & 15) << (4 * (run >> 1));
      q6k[Q6K_HIGH_BITS + half * 32 + i]! |= (quant >> 4) << (2 * run);
    }
  }
}
