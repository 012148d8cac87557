import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memorySource } from '../../src/checkpoint/byte-source.ts';
import { RealizarError } from '../../src/errors.ts';
import { openSafetensors } from '../../src/safetensors/open.ts';
import { writeSafetensors } from '../../src/safetensors/write.ts';
import { mutateSafetensors } from '../support/mutate-safetensors.ts';
import { randomNumbers } from '../support/mutate.ts';
import { safetensorsDescription } from '../support/safetensors-arbitrary.ts';

test('any damage to a valid file leaves a file that is read, or refused with a typed error', async () => {
  const damaged = fc
    .tuple(safetensorsDescription(), fc.nat())
    .map(([{ tensors, metadata }, seed]) =>
      mutateSafetensors(writeSafetensors(tensors, metadata), randomNumbers(seed)),
    );
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      try {
        const file = await openSafetensors(memorySource(bytes));
        for (const { name, byteLength } of file.tensors.values())
          expect((await file.read(name)).byteLength).toBe(byteLength);
      } catch (error) {
        if (!(error instanceof RealizarError)) throw error;
        expect(error.message).toMatch(/^memory/);
        expect(error.offset).toBeTypeOf('number');
      }
    }),
    { numRuns: 3000 },
  );
});
