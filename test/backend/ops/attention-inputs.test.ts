// q is a backend's own affair, so the projections, norms and rotations are seen through `attention`: every one of them
// changes its result.

import { describe, test } from 'vitest';
import type { DType } from '../../../src/dtype/index.ts';
import { AttentionRun, type AttentionSpec, attended, randomAttention } from '../support/attention-case.ts';
import { upTo } from '../support/batches.ts';
import { describeEachBackend } from '../support/backends.ts';
import type { Candidate } from '../support/candidate.ts';
import { expectClose } from '../support/compare.ts';
import { weightDtypes } from '../support/shapes.ts';

/** Errors of q and k go through a softmax whose scores have deviation 1; then those of v. */
const PRODUCTS = 4;
const toleranceOf = ({ tolerance }: Candidate, dtypes: readonly DType[]) =>
  PRODUCTS * Math.max(...dtypes.map(tolerance));

describeEachBackend('attentionInputs', (backend, candidate) => {
  async function expectOracle(seed: string, spec: AttentionSpec, tokens = 13) {
    const given = randomAttention(seed, spec);
    const run = await AttentionRun.open(backend(), given);
    const ids = upTo(tokens);
    const actual = await run.step([{ sequence: 1, start: 0, ids }]);
    expectClose(actual, attended(given, ids), toleranceOf(candidate, spec.dtypes ?? ['f32']));
  }

  describe.each(weightDtypes)('with weights in %s', (dtype) => {
    test.each([1, 2, 7, 64])('%i tokens are normed, projected and rotated', async (tokens) => {
      await expectOracle(`inputs ${dtype}`, { hidden: 256, dtypes: [dtype, dtype, dtype] }, tokens);
    });
  });

  test('q, k and v may each have a dtype of their own', async () => {
    await expectOracle('mixed', { hidden: 256, dtypes: ['q4_k', 'q4_k', 'q6_k'] });
    await expectOracle('mixed', { hidden: 256, dtypes: ['q8_0', 'f16', 'f32'] });
    await expectOracle('mixed', { hidden: 64, dtypes: ['bf16', 'q5_1', 'q4_0'] });
  });

  describe.each(['half', 'interleaved'] as const)('rope with %s pairs', (pairing) => {
    test('turns whole heads', () => expectOracle(`rope ${pairing}`, { rope: { pairing } }));

    test('turns the first numbers of a head and lets the rest pass', () =>
      expectOracle(`partial ${pairing}`, { headDim: 32, rope: { pairing, dimensions: 12 } }));

    test('turns by any frequencies, and scales by its magnitude', () =>
      expectOracle(`yarn ${pairing}`, {
        rope: { pairing, frequencies: Float64Array.from({ length: 8 }, (_, i) => 3 / (1 + i * i)), magnitude: 1.2 },
      }));

    test('turns heads of few and of odd numbers of pairs', async () => {
      for (const headDim of [2, 6, 20]) await expectOracle(`head ${headDim}`, { headDim, rope: { pairing } });
    });

    test('does nothing where no number is rotated', () =>
      expectOracle(`none ${pairing}`, { rope: { pairing, dimensions: 0 } }));
  });

  test('biases are added before anything else happens to q, k and v', async () => {
    await expectOracle('bias', { bias: true });
    await expectOracle('bias quantised', { hidden: 256, bias: true, dtypes: ['q8_0', 'q8_0', 'q8_0'] });
  });

  test('q and k heads are normed before they are rotated', async () => {
    await expectOracle('head norms', { headNorms: true });
    await expectOracle('head norms and bias', {
      headNorms: true,
      bias: true,
      headDim: 20,
      rope: { pairing: 'interleaved' },
    });
  });

  test('late positions are turned as exactly as early ones', async () => {
    const given = randomAttention('late', {
      pool: { blockSize: 16, numSequences: 1, blocksPerSequence: 100 },
      slidingWindow: 1,
    });
    const run = await AttentionRun.open(backend(), given);
    // A window of one position leaves the value alone, whatever the angle; a NaN or a wrong slot would show.
    const actual = await run.step([{ sequence: 0, start: 1590, ids: [3, 4, 5] }]);
    expectClose(
      actual,
      attended(given, [3]).concat(attended(given, [4]), attended(given, [5])),
      toleranceOf(candidate, ['f32']),
    );
  });
});
