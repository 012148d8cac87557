import { expect, test } from 'vitest';
import { attentionTiles } from '../../../../src/backend/webgpu/kernels/attention-tiles.ts';
import { Attention, type AttentionCall } from '../../../../src/backend/webgpu/kernels/attention.ts';
import { tuningOf } from '../../../../src/backend/webgpu/kernels/tuning.ts';
import { expectSameBits } from '../../support/compare.ts';
import { upTo } from '../../support/batches.ts';
import { Random } from '../../support/random.ts';
import { bufferOf, describeWithGpu, readBack } from '../support/open-gpu.ts';
import { poisoned } from '../support/weights.ts';

const TOKENS = 600;
const HEADS = 6;
const KV_HEADS = 2;
const HEAD_DIM = 16;
const WIDTH = (HEADS + 2 * KV_HEADS) * HEAD_DIM;
const BLOCK_SIZE = 16;
const BLOCKS = Math.ceil(TOKENS / BLOCK_SIZE);

/** Blocks of the only sequence, from the cache's end to its start. */
const table = Int32Array.from({ length: BLOCKS }, (_, i) => BLOCKS - 1 - i);

describeWithGpu('attention', (gpu) => {
  const random = new Random('attention');
  const projections = random.floats(TOKENS * WIDTH) as Float32Array<ArrayBuffer>;
  const turns = Float32Array.from(upTo(TOKENS * HEAD_DIM), (i) => Math.cos(i));

  /** Rows [first, first + tokens) of the sequence, on a cache that has those before. */
  function callFor(cache: AttentionCall['cache'], first: number, tokens: number): AttentionCall {
    const rows = upTo(tokens).flatMap((i) => {
      const position = first + i;
      const slot = table[Math.floor(position / BLOCK_SIZE)]! * BLOCK_SIZE + (position % BLOCK_SIZE);
      return [position, slot, 0, 0];
    });
    return {
      projections: bufferOf(gpu(), projections.slice(first * WIDTH, (first + tokens) * WIDTH)),
      cache,
      rows: bufferOf(gpu(), Uint32Array.from(rows)),
      table: bufferOf(gpu(), table),
      rope: bufferOf(gpu(), turns.slice(first * HEAD_DIM, (first + tokens) * HEAD_DIM)),
      y: poisoned(gpu(), tokens * HEADS * HEAD_DIM),
      tokens,
      maxPosition: first + tokens - 1,
    };
  }

  const newCache = () => {
    const count = BLOCKS * BLOCK_SIZE * KV_HEADS * HEAD_DIM;
    return { keys: poisoned(gpu(), count), values: poisoned(gpu(), count) };
  };

  function kernels(change: {
    readonly teams?: number;
    readonly attentionWorkgroups?: number;
    readonly window?: number;
  }) {
    const { window, ...tuned } = change;
    const options = {
      numHeads: HEADS,
      numKvHeads: KV_HEADS,
      headDim: HEAD_DIM,
      scale: 0.25,
      normEps: 1e-5,
      slidingWindow: window === 0 ? undefined : window,
      rope: {
        pairing: 'half' as const,
        dimensions: HEAD_DIM,
        frequencies: new Float64Array(HEAD_DIM / 2),
        magnitude: 1,
      },
    };
    const tuning = { ...tuningOf(gpu().facts), ...tuned };
    return new Attention(gpu(), tuning, options, { dtype: 'f32', blockSize: BLOCK_SIZE }, false);
  }

  async function prefilled(attention: Attention, cache: AttentionCall['cache'], tokens: number) {
    const call = callFor(cache, 0, tokens);
    const tiles = attentionTiles(new Int32Array(tokens), attention.tileSize);
    attention.prefill(call, bufferOf(gpu(), tiles), tiles.length / 4);
    return readBack(gpu(), call.y, tokens * HEADS * HEAD_DIM);
  }

  async function decoded(attention: Attention, cache: AttentionCall['cache'], position: number) {
    const call = callFor(cache, position, 1);
    gpu().activations.open();
    attention.decode(call);
    gpu().activations.close();
    return readBack(gpu(), call.y, HEADS * HEAD_DIM);
  }

  test.each([0, 550])(
    'of a row has the same bits in a prompt, alone, by teams and split; window %i',
    async (window) => {
      // The prompt leaves in the cache what each of its rows then finds there.
      const cache = newCache();
      const whole = await prefilled(kernels({ window }), cache, TOKENS);
      const cuts = [
        { teams: 1, attentionWorkgroups: 1 },
        { teams: 4, attentionWorkgroups: 1 },
        { teams: 1, attentionWorkgroups: 100 },
        { teams: 2, attentionWorkgroups: 6 },
      ];
      for (const cut of cuts) {
        const attention = kernels({ ...cut, window });
        for (const position of [0, 63, 64, 127, 599]) {
          const expected = whole.slice(position * HEADS * HEAD_DIM, (position + 1) * HEADS * HEAD_DIM);
          expectSameBits(await decoded(attention, cache, position), expected);
        }
      }
    },
  );
});

test('tiles take neighbours of one sequence, at most so many', () => {
  const tiles = attentionTiles(Int32Array.of(0, 0, 0, 2, 1, 1), 2);
  expect([...tiles]).toEqual([0, 2, 0, 0, 2, 1, 0, 0, 3, 1, 0, 0, 4, 2, 0, 0]);
  expect([...attentionTiles(new Int32Array(0), 2)]).toEqual([]);
});
