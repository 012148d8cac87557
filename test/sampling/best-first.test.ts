import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bestFirst } from '../../src/sampling/best-first.ts';
import { candidatesOf } from '../../src/sampling/candidates.ts';

test('any number of the best are those of a stable sort', () => {
  const logits = fc.array(fc.constantFrom(-Infinity, -1e-45, -0, 0, 1e-45, 1, 1.5, -3, 3e38, -3e38), {
    minLength: 1,
    maxLength: 400,
  });
  fc.assert(
    fc.property(logits, fc.integer({ min: 0, max: 400 }), (values, count) => {
      const expected = values
        .map((_, id) => id)
        .sort((a, b) => (values[a] === values[b] ? a - b : values[b]! - values[a]!));
      expect([...bestFirst(candidatesOf(Float32Array.from(values)), count).ids]).toEqual(expected.slice(0, count));
    }),
    { numRuns: 1000 },
  );
});
