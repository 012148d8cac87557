import { describe, expect, it } from 'vitest';

import { isPackedDType, weightLayout } from '../../../src/backend/wasm/layouts.ts';
import { byteLength, dtypes } from '../../../src/dtype/index.ts';
import { LinearKernels } from './support/linear-kernels.ts';
import { packedDTypes } from './support/random-weight.ts';

describe('weight layouts', () => {
  const { exports } = new LinearKernels('simd', 'i16');

  it.each(packedDTypes)('count the bytes of %s as the kernels do', (dtype) => {
    for (const columns of [256, 512, 5632]) {
      const { layout, dtype: code, groupBytes, byteLength: bytes, groups } = weightLayout(dtype, 43, columns);
      expect(groupBytes).toBe(exports.group_bytes(layout, columns));
      expect(bytes).toBe(6 * groupBytes);
      expect(groups).toBe(6);
      expect(exports.source_row_bytes(code, columns)).toBe(byteLength(dtype, [columns]));
    }
  });

  it('take at most twice the file, and hardly more than it for the formats that models come in', () => {
    for (const dtype of packedDTypes) {
      const ratio = weightLayout(dtype, 4096, 4096).byteLength / byteLength(dtype, [4096, 4096]);
      const common = ['f32', 'f16', 'bf16', 'q4_0', 'q4_1', 'q8_0', 'q4_k', 'q6_k'].includes(dtype);
      expect(ratio, dtype).toBeLessThanOrEqual(common ? 1.06 : 2);
    }
  });

  it('become f32 for a weight that is out of range', () => {
    expect(weightLayout('q4_0', 16, 64, { wide: true })).toMatchObject({
      layout: 0,
      dtype: 2,
      byteLength: 16 * 64 * 4,
    });
  });

  it('refuse rows that are no whole number of blocks', () => {
    expect(() => weightLayout('q4_k', 8, 576)).toThrow(expect.objectContaining({ code: 'misaligned' }));
    expect(() => weightLayout('q8_0', 8, 40, { wide: true })).toThrow(expect.objectContaining({ code: 'misaligned' }));
  });

  it('refuse a dtype that the kernels do not read, by name', () => {
    const others = dtypes.filter((dtype) => !isPackedDType(dtype));
    expect(others).toContain('f64');
    for (const dtype of others) {
      expect(() => weightLayout(dtype, 8, 32)).toThrow(expect.objectContaining({ code: 'unsupported-dtype', message: expect.stringContaining(dtype) })); // prettier-ignore
    }
  });
});
