import { describe, expect, test } from 'vitest';
import { describeEachBackend } from '../support/backends.ts';
import { expectClose, expectSameBits } from '../support/compare.ts';
import { rowOf } from '../support/oracle.ts';
import { Random, randomWeight } from '../support/random.ts';
import { rowsFrom, runOnGarbage } from '../support/run.ts';
import { weightDtypes } from '../support/shapes.ts';

const VOCAB = 37;

describeEachBackend('embed', (backend) => {
  describe.each(weightDtypes)('from a table in %s', (dtype) => {
    const random = new Random(`embed ${dtype}`);

    test.each([256, 768])('%i numbers of each wanted row come out, in the order of the ids', async (width) => {
      const table = randomWeight(random, dtype, [VOCAB, width]);
      const uploaded = await backend().upload(table.source);
      const ids = [36, 0, 7, 7, 35, 8, 31, 32];
      const actual = await runOnGarbage(backend(), () => rowsFrom(backend(), uploaded, ids));
      // Decoding is no arithmetic: f32 rounding is all that may happen.
      const expected = ids.map((id) => rowOf(table, id));
      expectClose(actual, expected, 1e-7);
    });
  });

  test('float32 rows pass through bit for bit, at the table’s ends and in between', async () => {
    const table = randomWeight(new Random('embed bits'), 'f32', [VOCAB, 20]);
    const uploaded = await backend().upload(table.source);
    for (const ids of [[0], [36], Array.from({ length: 64 }, (_, i) => (i * 5) % VOCAB)]) {
      const actual = await runOnGarbage(backend(), () => rowsFrom(backend(), uploaded, ids));
      expectSameBits(actual, Float32Array.from(ids.flatMap((id) => rowOf(table, id))));
    }
  });

  test('a token outside the vocabulary is refused', async () => {
    const uploaded = await backend().upload(randomWeight(new Random('embed'), 'f32', [VOCAB, 8]).source);
    for (const id of [-1, VOCAB]) {
      const embedding = () => backend().scope(() => rowsFrom(backend(), uploaded, [id]));
      expect(embedding).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    }
  });
});
