import { describe, test } from 'vitest';
import { AttentionRun, type AttentionSpec, attended, randomAttention } from '../support/attention-case.ts';
import { upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import { expectClose } from '../support/compare.ts';

describeEachBackend('attention', (backend, { tolerance }) => {
  /** Products, a softmax and a mix: a few roundings more than one product has. */
  const bound = 4 * tolerance('f32');

  async function expectOracle(seed: string, spec: AttentionSpec, tokens: number) {
    const given = randomAttention(seed, spec);
    const run = await AttentionRun.open(backend(), given);
    expectClose(await run.step([{ sequence: 0, start: 0, ids: upTo(tokens) }]), attended(given, upTo(tokens)), bound);
  }

  describe.each([
    [4, 4],
    [4, 2],
    [6, 2],
    [9, 3],
    [8, 1],
    [1, 1],
  ])('%i query heads over %i key heads', (numHeads, numKvHeads) => {
    test.each([1, 2, 3, 13, 64])('attend over %i tokens', (tokens) =>
      expectOracle(`heads ${numHeads} ${numKvHeads}`, { numHeads, numKvHeads }, tokens),
    );
  });

  test.each([2, 4, 6, 8, 12, 20, 64, 80, 128])('heads of %i numbers', (headDim) =>
    expectOracle(`head dim ${headDim}`, { headDim }, 21),
  );

  test.each([1, 2, 5, 16, 24, 79, 100])('a window of %i positions hides what is older', (slidingWindow) =>
    expectOracle(`window ${slidingWindow}`, { slidingWindow }, 75),
  );

  test.each([0, 0.01, 1, 30])('scores times %f: from all alike to one that takes all', (scale) =>
    expectOracle(`scale ${scale}`, { scale, rope: { magnitude: 1 } }, 33),
  );

  test.each([1e4, -1e4])('scores of size %f neither overflow nor vanish', async (scale) => {
    // Equal tokens without rope have equal scores, so that each gets the same share, however large the score.
    const given = randomAttention(`large ${scale}`, { scale, rope: { dimensions: 0 } });
    const run = await AttentionRun.open(backend(), given);
    const ids = upTo(19).map(() => 5);
    expectClose(await run.step([{ sequence: 0, start: 0, ids }]), attended(given, ids), bound);
  });

  test.each([1, 2, 3, 8, 16, 32, 64])('blocks of %i slots', (blockSize) =>
    expectOracle(`block ${blockSize}`, { pool: { blockSize, blocksPerSequence: Math.ceil(70 / blockSize) } }, 70),
  );
});
