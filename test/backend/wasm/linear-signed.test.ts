import { describe, expect, it } from 'vitest';

import type { PackedDType } from '../../../src/backend/wasm/layouts.ts';
import { decodeTensor } from '../../../src/dtype/index.ts';
import { integerActivations, product } from './support/activations.ts';
import { LinearKernels } from './support/linear-kernels.ts';
import { randomWeight, setScales } from './support/random-weight.ts';

/** One block of each packed layout: where its bytes begin, and which header word its accumulators start from. */
const layouts = {
  q4_0: { quants: 16, low: 4, high: 8, nibbles: true },
  q4_1: { quants: 32, low: undefined, high: 4, nibbles: true },
  q8_0: { quants: 16, low: 12, high: 12, nibbles: false },
  q5_0: { quants: 16, low: 12, high: 12, nibbles: false },
} as const;

// On an ARM processor a dot reads its second operand as signed. None is at hand: this walks the packed bytes and prepared
// headers as that dot would.
describe('packing for signed dots', () => {
  it.each(Object.keys(layouts) as (keyof typeof layouts)[])(
    '%s: signed bytes and the starts of the dots give exact integers',
    (dtype) => {
      const kernels = new LinearKernels('relaxed', 'relaxed-dot-signed');
      const { quants, low, high, nibbles } = layouts[dtype];
      const source = randomWeight(dtype satisfies PackedDType, 8, 32);
      setScales(dtype, source, (index) => (index === 0 ? 0x3c00 : 0));
      const x = integerActivations(kernels, 32);
      const weight = kernels.pack(dtype, source, 8, 32);
      const form = kernels.exports.form_of(weight.layout);
      const prepared = kernels.allocate(kernels.exports.prepared_bytes(form, 1, 32));
      kernels.exports.prepare_tokens(form, kernels.put(x), 32, 32, 1, 0, 1, prepared);

      const header = new DataView(kernels.memory.buffer, prepared, 48);
      const packed = new Int8Array(kernels.memory.buffer, weight.at + quants);
      const dots = Array.from({ length: 8 }, (_, row) => {
        const at = row < 4 ? low : high;
        let dot = at === undefined ? 0 : header.getInt32(at, true);
        let lower = low === undefined ? 0 : header.getInt32(low, true);
        for (let column = 0; column < 32; column++) {
          const place = 4 * (row & 3) + (column & 3);
          const byte = packed[nibbles ? 16 * (column >> 2) + place : 32 * (column >> 2) + (row < 4 ? 0 : 16) + place]!;
          const value = header.getInt8(16 + column);
          dot += value * (nibbles && row < 4 ? byte & 15 : byte);
          lower += value * (byte & 15);
        }
        return nibbles && row >= 4 ? (dot - lower) / 16 : dot;
      });
      expect(dots).toEqual([...product(decodeTensor(dtype, source), x, 8, 32, 1)]);
    },
  );
});
