import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteRange } from '../../src/server/byte-range.ts';

describe('a byte range', () => {
  test.each([
    ['bytes=0-0', { start: 0, end: 1 }],
    ['bytes=2-', { start: 2, end: 10 }],
    ['bytes=-3', { start: 7, end: 10 }],
    ['bytes=-30', { start: 0, end: 10 }],
    ['bytes=5-99', { start: 5, end: 10 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=3-2', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=0-1,4-5', 'whole'],
    ['rows=0-1', 'whole'],
    [undefined, 'whole'],
  ] as const)('%s of ten bytes', (header, expected) => {
    expect(byteRange(header, 10)).toEqual(expected);
  });

  test('lies inside the file, whatever is asked for', () => {
    fc.assert(
      fc.property(
        fc.tuple(fc.option(fc.maxSafeNat()), fc.option(fc.maxSafeNat()), fc.nat(1000)),
        ([first, last, byteLength]) => {
          const range = byteRange(`bytes=${first ?? ''}-${last ?? ''}`, byteLength);
          if (typeof range === 'string') return;
          expect(range.start).toBeGreaterThanOrEqual(0);
          expect(range.start).toBeLessThan(range.end);
          expect(range.end).toBeLessThanOrEqual(byteLength);
        },
      ),
    );
  });
});
