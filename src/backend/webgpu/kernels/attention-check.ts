import { encodeTensor } from '../../../dtype/index.ts';
import type { AttentionOptions, Batch } from '../../backend.ts';
import { attention } from '../../reference/kernels/attention.ts';
import { rmsNorm } from '../../reference/kernels/rms-norm.ts';
import { rope as turn } from '../../reference/kernels/rope.ts';
import { writeKv } from '../../reference/kernels/write-kv.ts';
import { ropeTable } from '../batch-data.ts';
import { Attention, type AttentionCall } from './attention.ts';
import { attentionTiles } from './attention-tiles.ts';
import { relativeError, type Trial } from './trial.ts';
import type { Tuning } from './tuning.ts';

/** Heads of a model, as far as kernels are made for them. */
export interface HeadKind {
  readonly headDim: number;
  readonly kvDType: 'f32' | 'f16';
}

const HEADS = 4;
const KV_HEADS = 2;
const BLOCK_SIZE = 16;
const BLOCKS = 38;
const POSITIONS = BLOCKS * BLOCK_SIZE;
const WINDOW = 560;
/** Halves in the cache cost some 0.0005; one position too many or too few some 0.04. */
const TOLERANCE = 0.005;

/** Rows one after another, in what was there before: by them every kernel has its turn. */
const STEPS = [
  { kernel: 'attention-decode', first: 100, tokens: 1 },
  { kernel: 'place-keys-values, or attention-prefill,', first: 568, tokens: 20 },
  { kernel: 'attention-decode for late positions, or attention-merge,', first: 588, tokens: 1 },
] as const;

/** Blocks of the only sequence, from the cache's end to its start. */
const TABLE = Int32Array.from({ length: BLOCKS }, (_, i) => BLOCKS - 1 - i);

/** The first kernel by which heads of known numbers do not attend as the reference's do, or undefined. */
export async function wrongAttention(trial: Trial, { headDim, kvDType }: HeadKind, tuning: Tuning) {
  const options = optionsOf(headDim);
  if (!Attention.supports(options, kvDType)) return undefined;
  const kernels = new Attention(trial.gpu, tuning, options, { dtype: kvDType, blockSize: BLOCK_SIZE }, true);
  const norms = wave(2 * headDim, 0.3).map((value) => 1 + value / 2);
  // As if all positions had been there before, in numbers that both sides hold exactly.
  const host = {
    ...{ layer: 0, dtype: kvDType },
    keys: new Float32Array(POSITIONS * KV_HEADS * headDim),
    values: new Float32Array(POSITIONS * KV_HEADS * headDim),
  };
  const slots = Int32Array.from({ length: POSITIONS }, (_, slot) => slot);
  writeKv(host.keys, wave(host.keys.length, 0.11), slots, kvDType);
  writeKv(host.values, wave(host.values.length, 0.17), slots, kvDType);
  const onDevice = (values: Float32Array) => trial.holding(new Uint8Array(encodeTensor(kvDType, values)));
  const cache = { keys: onDevice(host.keys), values: onDevice(host.values) };
  const headNorms = trial.holding(norms);
  const table = trial.holding(TABLE);

  for (const { kernel, first, tokens } of STEPS) {
    const batch = batchOf(first, tokens);
    const projections = wave(tokens * (HEADS + 2 * KV_HEADS) * headDim, 0.07 + first / 1000);
    const y = trial.numbers([tokens, HEADS * headDim]);
    const call: AttentionCall = {
      ...{ cache, table, headNorms, tokens, maxPosition: first + tokens - 1 },
      projections: trial.holding(projections),
      rows: trial.holding(rowsOf(batch)),
      rope: trial.holding(ropeTable(batch.positions, options.rope)),
      y: y.buffer,
    };
    const tiles = attentionTiles(batch.sequenceOf, kernels.tileSize);
    const actual = await trial.run(y, () => {
      if (tokens === 1) kernels.decode(call);
      else kernels.prefill(call, trial.holding(tiles), tiles.length / 4);
    });
    const { queries, keys, values } = headsOf(projections, tokens, norms, batch.positions, options);
    writeKv(host.keys, keys, batch.slotMapping, kvDType);
    writeKv(host.values, values, batch.slotMapping, kvDType);
    const wanted = attention(queries, host, batch, options);
    if (!actual || relativeError(actual, wanted) > TOLERANCE) return kernel;
  }
  return undefined;
}

const optionsOf = (headDim: number): AttentionOptions => ({
  numHeads: HEADS,
  numKvHeads: KV_HEADS,
  headDim,
  scale: headDim ** -0.5,
  normEps: 1e-5,
  slidingWindow: WINDOW,
  rope: {
    pairing: 'half',
    dimensions: headDim,
    frequencies: Float64Array.from({ length: headDim / 2 }, (_, i) => 10000 ** ((-2 * i) / headDim)),
    magnitude: 1,
  },
});

function batchOf(first: number, tokens: number): Batch {
  const positions = Int32Array.from({ length: tokens }, (_, t) => first + t);
  return {
    tokenIds: new Int32Array(tokens),
    positions,
    slotMapping: positions.map((p) => TABLE[Math.floor(p / BLOCK_SIZE)]! * BLOCK_SIZE + (p % BLOCK_SIZE)),
    sequenceOf: new Int32Array(tokens),
    blockTable: TABLE,
    blocksPerSequence: BLOCKS,
    blockSize: BLOCK_SIZE,
    outputRows: new Int32Array(0),
  };
}

const rowsOf = ({ positions, slotMapping }: Batch): Int32Array<ArrayBuffer> =>
  Int32Array.from([...positions].flatMap((position, t) => [position, slotMapping[t]!, 0, 0]));

/** Queries, keys and values of rows, normed and turned. */
function headsOf(
  projections: Float32Array,
  tokens: number,
  norms: Float32Array,
  positions: Int32Array,
  { headDim, normEps, rope }: AttentionOptions,
) {
  const width = (HEADS + 2 * KV_HEADS) * headDim;
  const part = (firstHead: number, heads: number) => {
    const rows = new Float32Array(tokens * heads * headDim);
    for (let t = 0; t < tokens; t++) {
      const start = t * width + firstHead * headDim;
      rows.set(projections.subarray(start, start + heads * headDim), t * heads * headDim);
    }
    return rows;
  };
  const queries = rmsNorm(part(0, HEADS), norms.subarray(0, headDim), normEps);
  const keys = rmsNorm(part(HEADS, KV_HEADS), norms.subarray(headDim), normEps);
  turn(queries, headDim, positions, rope);
  turn(keys, headDim, positions, rope);
  return { queries, keys, values: part(HEADS + KV_HEADS, KV_HEADS) };
}

/** Numbers between -1 and 1 without a period. */
const wave = (count: number, step: number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(step * i + (i % 97) ** 2));
