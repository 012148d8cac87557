import { describe, expect, test } from 'vitest';
import type { KvDType } from '../../../src/backend/backend.ts';
import { AttentionRun, type AttentionSpec, attended, randomAttention } from '../support/attention-case.ts';
import { batchOf, type Chunk, upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import { floatWeight } from '../support/random.ts';
import { expectClose, expectSameBits, relativeRms } from '../support/compare.ts';

const TOKENS = 45;

const chunk = (sequence: number, start: number, count: number): Chunk => ({
  sequence,
  start,
  ids: upTo(count).map((i) => 10 * sequence + start + i),
});

/** A key on the border of two roundings may fall to either side; what such a step may move the whole by. */
const bounds: Readonly<Record<Exclude<KvDType, 'f32'>, number>> = { f16: 1e-4, q8_0: 1.5e-3 };

describeEachBackend('keys and values', (backend, { kvDTypes }) => {
  const narrow = (['f16', 'q8_0'] as const).filter((dtype) => kvDTypes.includes(dtype));

  describe.each(narrow)('stored as %s', (kvDType) => {
    const bound = bounds[kvDType];

    async function expectRoundedOracle(seed: string, spec: AttentionSpec, tokens: number) {
      const given = randomAttention(seed, { headDim: 32, ...spec, kvDType });
      const run = await AttentionRun.open(backend(), given);
      const ids = upTo(tokens);
      const expected = attended(given, ids);
      expectClose(await run.step([{ sequence: 0, start: 0, ids }]), expected, bound);
      const exact = attended({ ...given, kvDType: 'f32' }, ids).flat();
      expect(relativeRms(expected.flat(), exact), 'the bound tells a rounded cache from an exact one').toBeGreaterThan(
        bound,
      );
    }

    test.each([
      [4, 4],
      [9, 3],
      [8, 1],
    ])('are attended to as a cache of that type remembers them: %i heads over %i', (numHeads, numKvHeads) =>
      expectRoundedOracle(`kv ${numHeads}`, { numHeads, numKvHeads }, TOKENS),
    );

    test.each([32, 64, 96, 128])('for heads of %i numbers', (headDim) =>
      expectRoundedOracle(`kv head ${headDim}`, { headDim }, 21),
    );

    test.each([1, 2, 5, 16, 32])('in blocks of %i slots', (blockSize) =>
      expectRoundedOracle(
        `kv block ${blockSize}`,
        { pool: { blockSize, blocksPerSequence: Math.ceil(70 / blockSize) } },
        70,
      ),
    );

    test.each([1, 5, 24])('through a window of %i positions', (slidingWindow) =>
      expectRoundedOracle(`kv window ${slidingWindow}`, { slidingWindow }, 50),
    );

    test('have the same bits in chunks, alone and in company', async () => {
      const given = randomAttention('kv bits', { headDim: 32, kvDType });
      const width = given.options.numHeads * given.options.headDim;
      const whole = await (await AttentionRun.open(backend(), given)).step([chunk(1, 0, TOKENS)]);
      for (const size of [1, 7, 44]) {
        const run = await AttentionRun.open(backend(), given);
        for (let start = 0; start < TOKENS; start += size) {
          const count = Math.min(size, TOKENS - start);
          const rows = await run.step([chunk(0, start, 1), chunk(1, start, count)]);
          expectSameBits(rows.slice(width), whole.slice(start * width, (start + count) * width));
        }
      }
    });
  });

  test('a zero head stays zero', async () => {
    for (const kvDType of narrow) {
      const random = randomAttention('zero', { headDim: 32, kvDType });
      const { shape } = random.weights.value.weight;
      const zeros = { weight: floatWeight(shape, new Float32Array(shape[0]! * shape[1]!)) };
      const given = { ...random, weights: { ...random.weights, value: zeros } };
      const run = await AttentionRun.open(backend(), given);
      const result = await run.stepOf(batchOf(given.pool, [chunk(0, 0, 9)]));
      expect(result.every((value) => value === 0)).toBe(true);
    }
  });

  test.each([2, 16, 48, 80])(
    'heads of %i numbers cannot be stored as q8_0, and the error says what can be done',
    (headDim) => {
      const shape = { numLayers: 1, numKvHeads: 1, headDim, numBlocks: 1, blockSize: 4 };
      expect(() => backend().createKvCache({ ...shape, dtype: 'q8_0' })).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
      expect(backend().createKvCache({ ...shape, dtype: 'f16' })).toHaveLength(1);
    },
  );
});
