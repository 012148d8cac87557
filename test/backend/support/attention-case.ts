import type {
  AttentionOptions,
  AttentionWeights,
  Backend,
  Batch,
  KvDType,
  KvLayer,
} from '../../../src/backend/backend.ts';
import { byteLength, formats, type DType } from '../../../src/dtype/index.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { batchOf, type Chunk, type Pool, poolBlocks } from './batches.ts';
import { attend, type OracleAttention, type Row, rowOf } from './oracle.ts';
import { floatWeight, Random, randomBias, randomNorm, randomWeight, type TestWeight } from './random.ts';
import { rowsFrom, runOnGarbage, uploadLinear } from './run.ts';

/** What a test may say of its attention; the rest is ordinary. */
export interface AttentionSpec {
  readonly hidden?: number;
  readonly numHeads?: number;
  readonly numKvHeads?: number;
  readonly headDim?: number;
  readonly scale?: number;
  readonly slidingWindow?: number;
  readonly rope?: Partial<AttentionOptions['rope']>;
  readonly dtypes?: readonly [query: DType, key: DType, value: DType];
  readonly bias?: boolean;
  readonly headNorms?: boolean;
  readonly pool?: Partial<Pool>;
  readonly kvDType?: KvDType;
}

/** One attention layer and a table of hidden states; token id = row of the table. */
export interface AttentionCase {
  readonly states: TestWeight;
  readonly weights: OracleAttention;
  readonly options: AttentionOptions;
  readonly pool: Pool;
  readonly kvDType: KvDType | undefined;
}

export const STATES = 80;

export function randomAttention(seed: string, spec: AttentionSpec = {}): AttentionCase {
  const { hidden = 64, numHeads = 4, numKvHeads = 2, headDim = 16, bias = false, headNorms = false } = spec;
  const { dtypes: [query, key, value] = ['f32', 'f32', 'f32'] } = spec;
  const random = new Random(seed);
  const projection = (dtype: DType, heads: number) => ({
    weight: randomWeight(random, dtype, [heads * headDim, hidden]),
    bias: bias ? randomBias(random, heads * headDim) : undefined,
  });
  const dimensions = spec.rope?.dimensions ?? headDim;
  return {
    states: floatWeight([STATES, hidden], random.floats(STATES * hidden, 2)),
    weights: {
      norm: randomNorm(random, hidden),
      query: projection(query, numHeads),
      key: projection(key, numKvHeads),
      value: projection(value, numKvHeads),
      queryNorm: headNorms ? randomNorm(random, headDim) : undefined,
      keyNorm: headNorms ? randomNorm(random, headDim) : undefined,
    },
    options: {
      numHeads,
      numKvHeads,
      headDim,
      scale: spec.scale ?? headDim ** -0.5,
      normEps: 1e-5,
      slidingWindow: spec.slidingWindow,
      rope: {
        pairing: 'half',
        dimensions,
        frequencies: Float64Array.from({ length: dimensions / 2 }, (_, i) => 10000 ** ((-2 * i) / dimensions)),
        magnitude: 1,
        ...spec.rope,
      },
    },
    pool: { blockSize: 16, numSequences: 3, blocksPerSequence: 5, ...spec.pool },
    kvDType: spec.kvDType,
  };
}

/** A case on a backend, with a cache of its own. */
export class AttentionRun {
  readonly #backend: Backend;
  readonly #given: AttentionCase;
  readonly #states: Tensor;
  readonly #weights: AttentionWeights;
  readonly #cache: KvLayer;

  constructor(backend: Backend, given: AttentionCase, states: Tensor, weights: AttentionWeights) {
    this.#backend = backend;
    this.#given = given;
    this.#states = states;
    this.#weights = weights;
    this.#cache = this.#newCache();
  }

  static async open(backend: Backend, given: AttentionCase): Promise<AttentionRun> {
    const { norm, query, key, value, queryNorm, keyNorm } = given.weights;
    const weights = {
      norm: await backend.upload(norm.source),
      query: await uploadLinear(backend, query),
      key: await uploadLinear(backend, key),
      value: await uploadLinear(backend, value),
      queryNorm: queryNorm && (await backend.upload(queryNorm.source)),
      keyNorm: keyNorm && (await backend.upload(keyNorm.source)),
    };
    return new AttentionRun(backend, given, await backend.upload(given.states.source), weights);
  }

  /** Runs one batch, after what ran before. @returns [rows, numHeads · headDim] */
  step(chunks: readonly Chunk[]): Promise<Float32Array> {
    return this.stepOf(batchOf(this.#given.pool, chunks));
  }

  stepOf(batch: Batch): Promise<Float32Array> {
    const { options } = this.#given;
    return runOnGarbage(this.#backend, () => {
      const x = rowsFrom(this.#backend, this.#states, [...batch.tokenIds]);
      const q = this.#backend.attentionInputs(x, this.#weights, this.#cache, batch, options);
      return this.#backend.attention(q, this.#cache, batch, options);
    });
  }

  #newCache(): KvLayer {
    const { options, pool, kvDType } = this.#given;
    const { numKvHeads, headDim } = options;
    // The middle one of three layers: its neighbours must stay out of it.
    return this.#backend.createKvCache({
      numLayers: 3,
      numKvHeads,
      headDim,
      numBlocks: poolBlocks(pool),
      blockSize: pool.blockSize,
      dtype: kvDType,
    })[1]!;
  }
}

/** What `step` has to return for a whole sequence from its start. */
export const attended = ({ states, weights, options, kvDType = 'f32' }: AttentionCase, ids: readonly number[]): Row[] =>
  attend(
    ids.map((id) => rowOf(states, id)),
    weights,
    options,
    (head) => rounded(kvDType, head),
  );

/** A head as a dtype can hold it. */
function rounded(dtype: KvDType, head: Row): Row {
  const bytes = new Uint8Array(byteLength(dtype, [head.length]));
  const values = new Float32Array(head.length);
  formats[dtype].encode!(Float32Array.from(head), bytes);
  formats[dtype].decode(bytes, values);
  return Array.from(values);
}
