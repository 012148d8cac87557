import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';

import type { PackedDType } from '../../../src/backend/wasm/layouts.ts';
import { decodeTensor, encodeTensor, formats } from '../../../src/dtype/index.ts';
import { activations, integerActivations, product, quantized } from './support/activations.ts';
import { differences } from './support/differences.ts';
import { dotMode, LinearKernels, setsOfBuild } from './support/linear-kernels.ts';
import { packedDTypes, quantizedDTypes, randomIntegers, randomWeight, setScales } from './support/random-weight.ts';

/** Columns that cover one block, several, and the longest rows of small models. */
const columnsOf = (dtype: PackedDType): number[] => {
  if (formats[dtype].blockSize === 1) return [1, 40, 70, 5632];
  return formats[dtype].blockSize === 32 ? [32, 576, 5632] : [256, 1536];
};

/** Forms from this number on are 16 bits wide (assembly/linear/forms.ts). */
const I16_FORMS = 4;

const maxAbs = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

const kernelSets = (['simd', 'relaxed'] as const).flatMap((build) =>
  setsOfBuild[build].flatMap((set) => [false, true].map((wide) => [build, set, wide] as const)),
);

for (const [build, set, wide] of kernelSets) {
  // Signed dots need an ARM processor; linear-signed.test.ts proves what they would multiply.
  const reads = set === 'relaxed-dot-signed' ? 'signed' : 'unsigned';
  const other = reads === 'signed' ? dotMode() !== 'signed' : set === 'relaxed-dot-unsigned' && dotMode() === 'signed';

  describe.skipIf(other)(
    `products of the ${build} build, ${set}${wide ? ', wide' : ''}${other ? `: dots here are ${dotMode()}` : ''}`,
    () => {
      const kernels = new LinearKernels(build, set, { wide });
      beforeEach(() => kernels.reset());

      it.each(packedDTypes)('%s: equal float64 on the same activations', (dtype) => {
        for (const columns of columnsOf(dtype)) {
          for (const [rows, tokens] of [
            [8, 1],
            [40, 2],
            [37, 7],
            [19, 22],
          ] as const) {
            // prettier-ignore
            kernels.reset();
            const source = randomWeight(dtype, rows, columns, rows);
            const x = activations(kernels, tokens * columns);
            const weight = kernels.pack(dtype, source, rows, columns);
            const levels = kernels.exports.form_of(weight.layout) >= I16_FORMS ? 127 * 256 : 127;
            const read = dtype.startsWith('q') ? quantized(x, levels) : x;
            const expected = product(decodeTensor(dtype, source), read, rows, columns, tokens);
            const y = kernels.multiply(weight, x, tokens);
            const error = maxAbs(expected.map((value, i) => value - y[i]!));
            // Floats add one by one, so that their error grows with the row.
            expect(error / maxAbs(expected)).toBeLessThanOrEqual(dtype.startsWith('q') || columns < 100 ? 1e-6 : 4e-6);
          }
        }
      });

      it.each(quantizedDTypes)('%s: scales of 1 and integer activations give exact integers', (dtype) => {
        for (const columns of columnsOf(dtype)) {
          kernels.reset();
          const source = randomWeight(dtype, 24, columns);
          setScales(dtype, source, (index) => (index === 0 ? 0x3c00 : 0xc000));
          const x = integerActivations(kernels, 5 * columns);
          const expected = product(decodeTensor(dtype, source), x, 24, columns, 5);
          // Group scales of K-quants make sums that f32 holds exactly in short rows alone.
          if (maxAbs(expected) >= 2 ** 24 || (dtype.endsWith('_k') && columns > 256)) continue;
          expect(differences(kernels.multiply(kernels.pack(dtype, source, 24, columns), x, 5), expected)).toEqual([]);
        }
      });

      it.each(['q4_0', 'q4_1', 'q8_0', 'q5_0', 'q5_1'] as const)(
        '%s: quants at the ends of their range stay exact',
        (dtype) => {
          const { blockBytes } = formats[dtype];
          for (const fill of [0x00, 0xff, 0x80, 0x7f]) {
            kernels.reset();
            const source = new Uint8Array(18 * 32 * blockBytes).fill(fill);
            setScales(dtype, source, () => 0x3c00);
            const x = integerActivations(kernels, 3 * 576);
            // Where the dot may be used to the full, whole tokens of 127 and of -127.
            if (set !== 'relaxed-dot-unsigned' || dotMode() === 'unsigned') x.fill(127, 576, 1152).fill(-127, 1152);
            const expected = product(decodeTensor(dtype, source), x, 32, 576, 3);
            expect(differences(kernels.multiply(kernels.pack(dtype, source, 32, 576), x, 3), expected)).toEqual([]);
          }
        },
      );

      it.each(packedDTypes)(
        "%s: a row's bits do not depend on the tokens, the tile or the range of groups",
        (dtype) => {
          const columns = columnsOf(dtype)[1]!;
          // Up to 20 tokens meet packed weights; more than 35 need a second pass over a slab.
          const counts = [...Array.from({ length: 13 }, (_, i) => i + 1), 21, 24, 41];
          const [rows, most] = [75, 41];
          const x = activations(kernels, most * columns);
          const weight = kernels.pack(dtype, randomWeight(dtype, rows, columns), rows, columns);
          const alone = Float32Array.from(
        Array.from({ length: most }, (_, t) => [...kernels.multiply(weight, x.subarray(t * columns, (t + 1) * columns), 1)]).flat(),
      ); // prettier-ignore
          for (const tokens of counts) {
            const y = kernels.multiply(weight, x.subarray(0, tokens * columns), tokens, { chunk: 1 + (tokens % 9) });
            expect(differences(y, alone.subarray(0, tokens * rows))).toEqual([]);
          }
        },
      );

      it('writes its own rows and nothing else', () => {
        fc.assert(
        fc.property(
          fc.constantFrom(...packedDTypes), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 9 }),
          fc.integer({ min: 1, max: 7 }),
          (dtype, rows, tokens, gap, chunk) => {
            kernels.reset();
            const columns = columnsOf(dtype)[0]!;
            const weight = kernels.pack(dtype, randomWeight(dtype, rows, columns), rows, columns);
            const x = activations(kernels, tokens * columns);
            const dense = kernels.multiply(weight, x, tokens);
            const spaced = kernels.multiply(weight, x, tokens, { yStride: rows + gap, chunk });
            for (let t = 0; t < tokens; t++) {
              expect(differences(spaced.subarray(t * (rows + gap), t * (rows + gap) + rows), dense.subarray(t * rows, (t + 1) * rows))).toEqual([]);
              expect(spaced.subarray(t * (rows + gap) + rows, (t + 1) * (rows + gap)).every(Number.isNaN)).toBe(true);
            }
          },
        ),
        { numRuns: 60 },
      ); // prettier-ignore
      });

      it('adds a bias, and adds to what is there', () => {
        const next = randomIntegers(3);
        for (const rows of [7, 40]) {
          const weight = kernels.pack('q8_0', randomWeight('q8_0', rows, 64), rows, 64);
          const x = activations(kernels, 3 * 64);
          const plain = kernels.multiply(weight, x, 3);
          const bias = Float32Array.from({ length: rows }, () => (next() % 100) - 50);
          const into = Float32Array.from({ length: 3 * rows }, () => (next() % 100) - 50);
          const biased = plain.map((value, i) => value + bias[i % rows]!);
          expect(differences(kernels.multiply(weight, x, 3, { bias }), biased)).toEqual([]);
          expect(kernels.multiply(weight, x, 3, { into })).toEqual(plain.map((value, i) => value + into[i]!));
          expect(kernels.multiply(weight, x, 3, { into, bias })).toEqual(biased.map((value, i) => value + into[i]!));
        }
      });

      it.each(packedDTypes)(
        '%s: activations of 0 give 0, tiny ones nothing worse, and a NaN stays in its token',
        (dtype) => {
          const columns = formats[dtype].blockSize === 1 ? 64 : formats[dtype].blockSize;
          const weight = kernels.pack(dtype, randomWeight(dtype, 8, columns), 8, columns);
          const x = new Float32Array(3 * columns).fill(1e-42, columns, 2 * columns);
          x[2 * columns + 5] = NaN;
          const y = kernels.multiply(weight, x, 3);
          expect(differences(y.subarray(0, 8), new Float32Array(8))).toEqual([]);
          expect(maxAbs(Float64Array.from(y.subarray(8, 16)))).toBeLessThan(1e-38);
          expect(y.subarray(16).every(Number.isNaN)).toBe(true);
        },
      );

      it('multiplies exactly by weights whose halves are denormal', () => {
        const values = Float32Array.from({ length: 16 * 64 }, (_, i) => ((i % 9) - 4) * 2 ** -24);
        const x = integerActivations(kernels, 2 * 64);
        const y = kernels.multiply(kernels.pack('f16', encodeTensor('f16', values), 16, 64), x, 2);
        expect(differences(y, product(values, x, 16, 64, 2))).toEqual([]);
      });
    },
  );
}
