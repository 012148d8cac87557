import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';

import type { PackedDType } from '../../../src/backend/wasm/layouts.ts';
import { byteLength, decodeTensor, formats } from '../../../src/dtype/index.ts';
import { describeWithInputs, sharedPath } from '../../support/inputs.ts';
import { differences } from './support/differences.ts';
import { LinearKernels, setsOfBuild, type PackedWeight } from './support/linear-kernels.ts';
import { packedDTypes, quantizedDTypes, randomWeight, setScales } from './support/random-weight.ts';

/** All rows of a packed weight, as the kernels give them back. */
function unpack(kernels: LinearKernels, { layout, at, rows, columns }: PackedWeight): Float32Array {
  const out = kernels.allocate(rows * columns * 4);
  for (let row = 0; row < rows; row++) {
    kernels.exports.dequantize_row(layout, at, rows, columns, row, out + row * columns * 4);
  }
  return kernels.f32(out, rows * columns).slice();
}

/** In the layout of the dtype or, where a value is out of its range, as f32. */
function packSomehow(
  kernels: LinearKernels,
  dtype: PackedDType,
  source: Uint8Array,
  rows: number,
  columns: number,
): PackedWeight {
  const narrow = kernels.pack(dtype, source, rows, columns);
  return narrow.outside ? kernels.pack(dtype, source, rows, columns, { wide: true }) : narrow;
}

const columnsOf = (dtype: PackedDType): number => (formats[dtype].blockSize === 1 ? 70 : formats[dtype].blockSize * 3);

for (const set of setsOfBuild.relaxed) {
  describe(`packing for ${set}`, () => {
    const kernels = new LinearKernels('relaxed', set);
    beforeEach(() => kernels.reset());

    it.each(packedDTypes)("%s and unpacking gives the decoder's floats, whatever the number of rows", (dtype) => {
      for (const rows of [1, 8, 37]) {
        const source = randomWeight(dtype, rows, columnsOf(dtype), rows);
        const weight = kernels.pack(dtype, source, rows, columnsOf(dtype));
        expect(weight.outside).toBe(false);
        expect(differences(unpack(kernels, weight), decodeTensor(dtype, source))).toEqual([]);
      }
    });

    it.each(quantizedDTypes)('%s keeps scales that are negative, zero or the smallest denormal', (dtype) => {
      for (const half of [0x8000 | 0x2c00, 0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x57ff]) {
        const source = randomWeight(dtype, 8, columnsOf(dtype));
        setScales(dtype, source, () => half);
        const weight = kernels.pack(dtype, source, 8, columnsOf(dtype));
        expect(weight.outside).toBe(false);
        const expected = decodeTensor(dtype, source);
        expect(differences(unpack(kernels, weight), expected)).toEqual([]);
      }
    });

    it.each(quantizedDTypes)(
      '%s reports a scale of 65504 or infinity unless it holds it, and f32 holds it',
      (dtype) => {
        for (const half of [0x5800, 0x7bff, 0xfbff]) {
          const source = randomWeight(dtype, 9, columnsOf(dtype));
          setScales(dtype, source.subarray(byteLength(dtype, [8, columnsOf(dtype)])), () => half);
          const narrow = kernels.pack(dtype, source, 9, columnsOf(dtype));
          expect(narrow.outside).toBe(!dtype.endsWith('_k'));
          const weight = packSomehow(kernels, dtype, source, 9, columnsOf(dtype));
          expect(differences(unpack(kernels, weight), decodeTensor(dtype, source))).toEqual([]);
        }
      },
    );
  });
}

describe('packing f16', () => {
  const kernels = new LinearKernels('simd', 'i16');

  it('keeps every half below 128 and reports every other one', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    for (let start = 0; start < 65536; start += 1024) {
      kernels.reset();
      const source = new Uint8Array(halves.buffer, start * 2, 2048);
      const narrow = kernels.pack('f16', source, 8, 128);
      expect(narrow.outside).toBe((start & 0x7fff) >= 0x5800);
      const weight = packSomehow(kernels, 'f16', source, 8, 128);
      const expected = decodeTensor('f16', source);
      expect(differences(unpack(kernels, weight), expected)).toEqual([]);
    }
  });
});

const cases = quantizedDTypes.flatMap((dtype) =>
  ['', '.any'].map((kind) => `reference/dtype/${dtype.toUpperCase()}${kind}`),
);

describeWithInputs(
  "packing ggml's own blocks",
  cases.map((name) => sharedPath(`${name}.bin`)),
  () => {
    const kernels = new LinearKernels('simd', 'i16');

    it.each(cases)("%s gives ggml's floats", (name) => {
      kernels.reset();
      const dtype = /(q.*?)(\.any)?$/i.exec(name.split('/').at(-1)!)![1]!.toLowerCase() as PackedDType;
      const source = new Uint8Array(readFileSync(sharedPath(`${name}.bin`)));
      const expected = new Float32Array(new Uint8Array(readFileSync(sharedPath(`${name}.f32`))).buffer);
      const { blockSize, blockBytes } = formats[dtype];
      const rows = source.length / blockBytes;
      expect(differences(unpack(kernels, packSomehow(kernels, dtype, source, rows, blockSize)), expected)).toEqual([]);
    });
  },
);
