import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memorySource } from '../../src/checkpoint/byte-source.ts';
import { RealizarError } from '../../src/errors.ts';
import { openGguf } from '../../src/gguf/open.ts';
import { ggufDescription } from '../support/gguf-arbitrary.ts';
import { writeGgufWithFields } from '../support/gguf-writer.ts';
import { mutate, randomNumbers } from '../support/mutate.ts';

/** Reads everything that a file claims to have, or gives the typed error with its place. */
async function consume(bytes: Uint8Array): Promise<void> {
  try {
    const checkpoint = await openGguf(memorySource(bytes));
    for (const tensor of checkpoint.tensors.values())
      expect((await checkpoint.read(tensor)).byteLength).toBe(tensor.byteLength);
  } catch (error) {
    if (!(error instanceof RealizarError)) throw error;
    expect(error.message).toMatch(/^memory/);
    expect(error.field).toBeTypeOf('string');
  }
}

test('any damage to a valid file leaves a file that is read, or refused with a typed error', async () => {
  const damaged = fc
    .tuple(ggufDescription(), fc.nat())
    .map(([description, seed]) => mutate(writeGgufWithFields(description), randomNumbers(seed)));
  await fc.assert(fc.asyncProperty(damaged, consume), { numRuns: 3000 });
});

test('any bytes after the magic are read or refused with a typed error', async () => {
  const anything = fc
    .uint8Array({ maxLength: 200 })
    .map((rest) => Uint8Array.from([...new TextEncoder().encode('GGUF'), 3, 0, 0, 0, ...rest]));
  await fc.assert(fc.asyncProperty(anything, consume), { numRuns: 1000 });
});
