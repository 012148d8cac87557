import { describe, expect, test } from 'vitest';
import {
  chooseKernels,
  kernelSetNames,
  probeRelaxedDot,
  readingOf,
  supportedKernelSets,
} from '../../../src/backend/wasm/probe.ts';

/** A dot product of bytes as an engine may compute it: `b` read one way, pairs of products clamped or not. */
function dotOf(signed: boolean, saturating: boolean): (a: number, b: number) => number {
  const clamp = (n: number) => (saturating ? Math.max(-32_768, Math.min(32_767, n)) : n);
  const byte = (word: number, i: number, asSigned: boolean) => {
    const value = (word >>> (8 * i)) & 0xff;
    return asSigned && value > 127 ? value - 256 : value;
  };
  const product = (a: number, b: number, i: number) => byte(a, i, true) * byte(b, i, signed);
  return (a, b) => clamp(product(a, b, 0) + product(a, b, 1)) + clamp(product(a, b, 2) + product(a, b, 3));
}

describe('the probe', () => {
  test('tells an exact unsigned, an exact signed and a saturating dot apart', () => {
    expect(readingOf(dotOf(false, false))).toBe('unsigned');
    expect(readingOf(dotOf(true, false))).toBe('signed');
    expect(readingOf(dotOf(false, true))).toBe('saturating');
  });

  test('trusts no dot that answers otherwise', () => {
    expect(readingOf(() => 0)).toBeUndefined();
    expect(readingOf((a, b) => dotOf(false, false)(a, b) + 1)).toBeUndefined();
  });

  test('offers only sets that this engine computes right, the plain one always', async () => {
    const sets = await supportedKernelSets();
    const reading = await probeRelaxedDot();
    expect(sets).toContain('i16');
    expect(sets.includes('relaxed-dot')).toBe(reading === 'unsigned' || reading === 'signed');
    expect(sets.includes('relaxed-pairs')).toBe(reading !== undefined);
    expect(sets).toEqual(kernelSetNames.filter((name) => sets.includes(name)));
  });

  test('chooses the best set, or the one asked for', async () => {
    const [best] = await supportedKernelSets();
    expect((await chooseKernels()).name).toBe(best);
    expect(await chooseKernels('i16')).toEqual({ name: 'i16', build: 'simd', kernelSet: 'i16' });
  });

  test('refuses a set that this engine does not compute right, and names those it does', async () => {
    const sets = await supportedKernelSets();
    for (const name of kernelSetNames.filter((each) => !sets.includes(each))) {
      await expect(chooseKernels(name)).rejects.toMatchObject({
        code: 'backend-unavailable',
        message: expect.stringContaining(sets.join(', ')),
      });
    }
  });
});
