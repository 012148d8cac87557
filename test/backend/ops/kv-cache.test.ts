import { describe, expect, test } from 'vitest';
import type { Batch } from '../../../src/backend/backend.ts';
import { AttentionRun, type AttentionCase, attended, randomAttention } from '../support/attention-case.ts';
import { batchOf, type Chunk, poolBlocks, upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import { expectClose, expectSameBits } from '../support/compare.ts';

const TOKENS = 47;

/** Rows [start, start + count) of sequence `sequence`, whose token at a position is 10 · sequence + position. */
const chunk = (sequence: number, start: number, count: number): Chunk => ({
  sequence,
  start,
  ids: upTo(count).map((i) => 10 * sequence + start + i),
});

const cases: readonly (readonly [string, AttentionCase])[] = [
  ['float weights', randomAttention('cache', { pool: { blockSize: 8, blocksPerSequence: 6 } })],
  ['a window', randomAttention('cache window', { slidingWindow: 20, pool: { blockSize: 5, blocksPerSequence: 10 } })],
  [
    'quantised weights',
    randomAttention('cache q8_0', { hidden: 256, dtypes: ['q8_0', 'q4_k', 'q6_k'], headNorms: true, bias: true }),
  ],
];

describeEachBackend('the paged cache', (backend, { tolerance }) => {
  describe.each(cases)('with %s', (_, given) => {
    const width = given.options.numHeads * given.options.headDim;

    const rows = (whole: Float32Array, start: number, count: number) =>
      Array.from(whole.subarray(start * width, (start + count) * width));

    /** A sequence on its own, in one go. */
    const alone = async (sequence: number, count = TOKENS) =>
      (await AttentionRun.open(backend(), given)).step([chunk(sequence, 0, count)]);

    test.each([1, 2, 3, 5, 7, 16, 46])(
      'a prompt cut into chunks of %i has the same bits as in one go',
      async (size) => {
        const whole = await alone(1);
        const run = await AttentionRun.open(backend(), given);
        for (let start = 0; start < TOKENS; start += size) {
          const count = Math.min(size, TOKENS - start);
          expectSameBits(await run.step([chunk(1, start, count)]), whole.slice(start * width, (start + count) * width));
        }
      },
    );

    test('sequences in one batch do not see each other: each has the bits it has alone', async () => {
      const run = await AttentionRun.open(backend(), given);
      const together = await run.step([chunk(0, 0, 5), chunk(1, 0, 17), chunk(2, 0, 1)]);
      expectSameBits(
        together,
        Float32Array.of(...(await alone(0, 5)), ...(await alone(1, 17)), ...(await alone(2, 1))),
      );
    });

    test('prefill and decode mix in one batch, and sequences come and go', async () => {
      const [first, second, third] = [await alone(0), await alone(1), await alone(2)];
      const run = await AttentionRun.open(backend(), given);

      const started = await run.step([chunk(1, 0, 9)]);
      expectSameBits(started, Float32Array.from(rows(second, 0, 9)));
      const joined = await run.step([chunk(0, 0, 13), chunk(1, 9, 1)]);
      expectSameBits(joined, Float32Array.from([...rows(first, 0, 13), ...rows(second, 9, 1)]));
      const all = await run.step([chunk(2, 0, 40), chunk(1, 10, 1), chunk(0, 13, 2)]);
      expectSameBits(all, Float32Array.from([...rows(third, 0, 40), ...rows(second, 10, 1), ...rows(first, 13, 2)]));
      const left = await run.step([chunk(2, 40, 1)]);
      expectSameBits(left, Float32Array.from(rows(third, 40, 1)));
    });

    test('slots that are written again forget what they held', async () => {
      const run = await AttentionRun.open(backend(), given);
      await run.step([chunk(1, 0, TOKENS)]);
      const again = { sequence: 1, start: 0, ids: upTo(TOKENS).map((i) => 79 - i) };
      const fresh = await (await AttentionRun.open(backend(), given)).step([again]);
      expectSameBits(await run.step([again]), fresh);
    });
  });

  test('sequences with the same start may share its blocks', async () => {
    const given = randomAttention('shared prefix', { pool: { blockSize: 8, blocksPerSequence: 6 } });
    const run = await AttentionRun.open(backend(), given);
    await run.step([{ sequence: 2, start: 0, ids: upTo(16) }]);

    const prefix = { sequence: 2, blocks: 2 };
    const [one, other] = [
      [40, 41, 42],
      [50, 51],
    ] as const;
    const actual = await run.step([
      { sequence: 0, start: 16, ids: one, prefix },
      { sequence: 1, start: 16, ids: other, prefix },
    ]);
    const expected = [one, other].flatMap((ids) => attended(given, [...upTo(16), ...ids]).slice(16));
    expectClose(actual, expected, 4 * tolerance('f32'));
  });

  test('batches that contradict themselves, or point outside the cache, are refused before a kernel runs', async () => {
    const [, given] = cases[0]!;
    const run = await AttentionRun.open(backend(), given);
    const batch = batchOf(given.pool, [chunk(1, 0, 4)]);
    const slots = poolBlocks(given.pool) * given.pool.blockSize;
    const broken: Partial<Batch>[] = [
      { positions: Int32Array.of(0, 1, 2) },
      { slotMapping: Int32Array.of(0, 1, 2, 3, 4) },
      { positions: Int32Array.of(-1, 0, 1, 2) },
      { positions: Int32Array.of(46, 47, 48, 49) },
      { sequenceOf: Int32Array.of(0, 0, 0, 1) },
      { slotMapping: Int32Array.of(0, 1, 2, slots) },
      { slotMapping: Int32Array.of(-1, 0, 1, 2) },
      { blockTable: batch.blockTable.map(() => poolBlocks(given.pool)) },
      { blockTable: batch.blockTable.map(() => -1) },
      { blocksPerSequence: 0 },
    ];
    for (const change of broken) {
      await expect(run.stepOf({ ...batch, ...change }), JSON.stringify(change)).rejects.toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    }
    expectClose(await run.stepOf(batch), attended(given, chunk(1, 0, 4).ids), 4 * tolerance('f32'));
  });
});
