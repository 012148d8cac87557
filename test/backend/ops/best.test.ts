import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/backend/backend.ts';
import { best as expectedBest } from '../../../src/backend/reference/kernels/best.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import { floatWeight, Random } from '../support/random.ts';
import { rowsFrom, runOnGarbage } from '../support/run.ts';

/** A width that is no whole number of anything, and one that several threads share. */
const widths = [293, 40_003] as const;

/** [ids and logits], row by row, as a stable sort has them. */
function sortedRows(rows: readonly Float32Array[], count: number, limit: number): number[] {
  return rows.flatMap((row) => {
    const rank = (id: number) => (Number.isNaN(row[id]!) ? Infinity : row[id]!);
    const larger = (a: number, b: number) =>
      Number(Number.isNaN(row[b]!)) - Number(Number.isNaN(row[a]!)) || (rank(a) === rank(b) ? 0 : rank(b) - rank(a));
    const ids = upTo(limit).toSorted((a, b) => larger(a, b) || a - b);
    const chosen = ids.slice(0, count);
    return [...chosen, ...chosen.map((id) => row[id]!)];
  });
}

async function bestOf(backend: Backend, rows: readonly Float32Array[], count: number, limit: number) {
  const width = rows[0]!.length;
  const table = floatWeight([rows.length, width], Float32Array.from(rows.flatMap((row) => [...row])));
  const uploaded = await backend.upload(table.source);
  return runOnGarbage(backend, () => backend.best(rowsFrom(backend, uploaded, upTo(rows.length)), count, limit));
}

const randomRows = (seed: string, rows: number, width: number) => {
  const random = new Random(seed);
  return upTo(rows).map(() => random.floats(width, 4));
};

describeEachBackend('best', (backend) => {
  describe.each(widths)('of %i logits', (width) => {
    test.each([1, 40, 256])('the %i largest come out in order, each with its logit, row by row', async (count) => {
      const rows = randomRows(`best ${width} ${count}`, 5, width);
      expect([...(await bestOf(backend(), rows, count, width))]).toEqual(sortedRows(rows, count, width));
    });

    test('equals come in order of their ids, also where only some of them find a place', async () => {
      const random = new Random(`ties ${width}`);
      const rows = upTo(3).map(() => Float32Array.from({ length: width }, () => Math.floor(4 * random.uniform()) / 2));
      rows.push(new Float32Array(width).fill(-3));
      for (const count of [1, 7, 256])
        expect([...(await bestOf(backend(), rows, count, width))]).toEqual(sortedRows(rows, count, width));
    });

    test('columns from the limit on do not count', async () => {
      const rows = randomRows(`limit ${width}`, 2, width);
      const limit = Math.floor(0.7 * width);
      for (const row of rows) row.fill(100, limit);
      for (const count of [1, 40])
        expect([...(await bestOf(backend(), rows, count, limit))]).toEqual(sortedRows(rows, count, limit));
    });

    test('rising and falling logits are no harder than others', async () => {
      const rising = Float32Array.from(upTo(width));
      const rows = [rising, rising.toReversed()];
      expect([...(await bestOf(backend(), rows, 40, width))]).toEqual(sortedRows(rows, 40, width));
    });

    test('a NaN comes before every number, and infinities are numbers', async () => {
      const rows = randomRows(`special ${width}`, 4, width);
      rows[0]![width - 1] = Number.NaN;
      rows[1]!.set([Infinity, -Infinity, Number.NaN, Infinity, Number.NaN], width >> 1);
      rows[2]!.fill(-Infinity);
      rows[2]![200] = -1e38;
      rows[3]!.fill(Number.NaN, 7, 250);
      for (const count of [1, 6, 256])
        expect([...(await bestOf(backend(), rows, count, width))]).toEqual(sortedRows(rows, count, width));
    });
  });

  test('of any numbers are those that a sort finds', async () => {
    const number = fc.oneof(fc.float(), fc.constantFrom(0, -0, 1, Infinity, -Infinity, NaN));
    const anyCase = fc
      .array(number, { minLength: 1, maxLength: 60 })
      .chain((row) => fc.tuple(fc.constant(Float32Array.from(row)), fc.integer({ min: 1, max: row.length })))
      .chain(([row, limit]) => fc.tuple(fc.constant(row), fc.constant(limit), fc.integer({ min: 1, max: limit })));
    await fc.assert(
      fc.asyncProperty(anyCase, async ([row, limit, count]) => {
        const found = [...(await bestOf(backend(), [row], count, limit))];
        expect(found.map((x) => x + 0)).toEqual(sortedRows([row], count, limit).map((x) => x + 0));
      }),
      { numRuns: 60 },
    );
  });

  test('as many as there are can be had', async () => {
    const rows = randomRows('all', 2, 31);
    expect([...(await bestOf(backend(), rows, 31, 31))]).toEqual(sortedRows(rows, 31, 31));
  });

  test('they outlive the scope of their logits', async () => {
    const rows = randomRows('scope', 2, 293);
    const table = floatWeight([2, 293], Float32Array.from(rows.flatMap((row) => [...row])));
    const uploaded = await backend().upload(table.source);
    let kept: Tensor | undefined;
    backend().scope(() => (kept = backend().best(rowsFrom(backend(), uploaded, [0, 1]), 3, 293)));
    expect([...(await backend().read(kept!))]).toEqual(sortedRows(rows, 3, 293));
  });

  test.each([
    [0, 10],
    [11, 10],
    [1, 41],
    [1.5, 10],
    [1, 2.5],
    [NaN, 10],
  ])('%d of the first %d of 40 are refused', async (count, limit) => {
    await expect(bestOf(backend(), [new Float32Array(40)], count, limit)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});

test('the reference finds what a sort finds', () => {
  const rows = randomRows('reference', 3, 100);
  const logits = Float32Array.from(rows.flatMap((row) => [...row]));
  expect([...expectedBest(logits, 100, 9, 80)]).toEqual(sortedRows(rows, 9, 80));
});
