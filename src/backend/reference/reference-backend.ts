import type { DType } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import { assertShape, rowsOf, type Tensor } from '../../tensor/tensor.ts';
import type {
  AttentionOptions,
  AttentionWeights,
  Backend,
  BackendInfo,
  Batch,
  FeedForwardWeights,
  KvLayer,
  KvShape,
  Linear,
  WeightSource,
} from '../backend.ts';
import { checkBatch } from './check-batch.ts';
import { addTo } from './kernels/add-to.ts';
import { attention } from './kernels/attention.ts';
import { embed } from './kernels/embed.ts';
import { linear } from './kernels/linear.ts';
import { rmsNorm } from './kernels/rms-norm.ts';
import { rope } from './kernels/rope.ts';
import { siluMultiply } from './kernels/silu-multiply.ts';
import { takeRows } from './kernels/take-rows.ts';
import { checkBest } from '../check-best.ts';
import { checkKvShape } from '../check-kv-shape.ts';
import { best } from './kernels/best.ts';
import { writeKv } from './kernels/write-kv.ts';
import { cacheOf, dataOf, type ReferenceKvLayer, type ReferenceTensor } from './reference-tensor.ts';
import { decodedBytes, decodeWeight } from './upload.ts';

/** Plain loops: the oracle that the other backends are tested against. */
export function createReferenceBackend(): Backend {
  return new ReferenceBackend();
}

/** Weights are decoded to f32, ops compute in float64 and round their results to f32. */
class ReferenceBackend implements Backend {
  readonly info: BackendInfo = { name: 'reference', mode: 'float64', threads: 1 };
  /** What each open scope has made, the innermost last. */
  readonly #scopes: ReferenceTensor[][] = [];
  #closed = false;

  async upload(source: WeightSource): Promise<Tensor> {
    this.#assertOpen();
    const weight: ReferenceTensor = { dtype: 'f32', shape: source.shape, data: await decodeWeight(source) };
    return weight;
  }

  weightBytes(_dtype: DType, shape: readonly number[]): number {
    return decodedBytes(shape);
  }

  createKvCache(shape: KvShape): readonly KvLayer[] {
    this.#assertOpen();
    checkKvShape(shape);
    const { numLayers, numKvHeads, headDim, numBlocks, blockSize, dtype = 'f32' } = shape;
    const size = numBlocks * blockSize * numKvHeads * headDim;
    return Array.from({ length: numLayers }, (_, layer): ReferenceKvLayer => {
      return { layer, dtype, keys: new Float32Array(size), values: new Float32Array(size) };
    });
  }

  scope<T>(body: () => T): T {
    this.#assertOpen();
    const made: ReferenceTensor[] = [];
    this.#scopes.push(made);
    try {
      return body();
    } finally {
      this.#scopes.pop();
      for (const tensor of made) tensor.data = undefined;
    }
  }

  embed(table: Tensor, batch: Batch): Tensor {
    this.#assertOpen();
    const [, width] = rowsOf(table);
    return this.#activation(embed(dataOf(table), width, tokenIdsOf(batch)), width);
  }

  attentionInputs(
    x: Tensor,
    weights: AttentionWeights,
    cache: KvLayer,
    batch: Batch,
    options: AttentionOptions,
  ): Tensor {
    this.#assertOpen();
    const { numHeads, numKvHeads, headDim, normEps } = options;
    const { keys, values, dtype } = cacheOf(cache);
    checkBatch(batch, keys.length / (numKvHeads * headDim));
    assertShape(x, [batch.tokenIds.length, x.shape.at(-1)!], 'attentionInputs x');
    const normed = this.#normed(x, weights.norm, normEps);
    const width = x.shape.at(-1)!;

    let q = applyLinear(normed, width, weights.query, numHeads * headDim, 'query');
    let k = applyLinear(normed, width, weights.key, numKvHeads * headDim, 'key');
    const v = applyLinear(normed, width, weights.value, numKvHeads * headDim, 'value');
    if (weights.queryNorm) q = rmsNorm(q, vector(weights.queryNorm, headDim, 'query norm'), normEps);
    if (weights.keyNorm) k = rmsNorm(k, vector(weights.keyNorm, headDim, 'key norm'), normEps);
    rope(q, headDim, batch.positions, options.rope);
    rope(k, headDim, batch.positions, options.rope);

    writeKv(keys, k, batch.slotMapping, dtype);
    writeKv(values, v, batch.slotMapping, dtype);
    return this.#activation(q, numHeads * headDim);
  }

  attention(q: Tensor, cache: KvLayer, batch: Batch, options: AttentionOptions): Tensor {
    this.#assertOpen();
    const width = options.numHeads * options.headDim;
    checkBatch(batch, cacheOf(cache).keys.length / (options.numKvHeads * options.headDim));
    assertShape(q, [batch.tokenIds.length, width], 'attention q');
    return this.#activation(attention(dataOf(q), cacheOf(cache), batch, options), width);
  }

  addLinear(x: Tensor, input: Tensor, weights: Linear): void {
    this.#assertOpen();
    const [tokens, outputs] = rowsOf(x);
    const [, width] = rowsOf(input);
    assertShape(input, [tokens, width], 'addLinear input');
    addTo(dataOf(x), applyLinear(dataOf(input), width, weights, outputs, 'addLinear'));
  }

  gatedLinear(x: Tensor, weights: FeedForwardWeights, normEps: number): Tensor {
    this.#assertOpen();
    const normed = this.#normed(x, weights.norm, normEps);
    const width = x.shape.at(-1)!;
    const outputs = weights.gate.weight.shape[0]!;

    const gate = applyLinear(normed, width, weights.gate, outputs, 'gate');
    siluMultiply(gate, applyLinear(normed, width, weights.up, outputs, 'up'));
    return this.#activation(gate, outputs);
  }

  logits(x: Tensor, norm: Tensor, normEps: number, head: Linear, rows: Int32Array): Tensor {
    this.#assertOpen();
    const [, width] = rowsOf(x);
    const vocab = head.weight.shape[0]!;
    const chosen = takeRows(dataOf(x), width, rows);
    return this.#activation(
      applyLinear(rmsNorm(chosen, vector(norm, width, 'output norm'), normEps), width, head, vocab, 'head'),
      vocab,
    );
  }

  best(logits: Tensor, count: number, limit: number): Tensor {
    this.#assertOpen();
    const [rows, vocab] = rowsOf(logits);
    checkBest(count, limit, vocab);
    // Of no scope: a later step may take its tokens from here.
    const found: ReferenceTensor = {
      dtype: 'f32',
      shape: [rows, 2 * count],
      data: best(dataOf(logits), vocab, count, limit),
    };
    return found;
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    this.#assertOpen();
    return dataOf(tensor).slice();
  }

  async dispose(): Promise<void> {
    this.#closed = true;
  }

  #normed(x: Tensor, norm: Tensor, eps: number): Float32Array {
    return rmsNorm(dataOf(x), vector(norm, x.shape.at(-1)!, 'norm'), eps);
  }

  /** [rows, width], owned by the innermost scope. */
  #activation(data: Float32Array, width: number): Tensor {
    const tensor: ReferenceTensor = { dtype: 'f32', shape: [data.length / width, width], data };
    this.#scopes.at(-1)?.push(tensor);
    return tensor;
  }

  #assertOpen(): void {
    if (this.#closed) throw new RealizarError('closed', 'this backend has been disposed; open a new one');
  }
}

/** [tokens] the batch's own ids, and those that `best` chose. */
function tokenIdsOf({ tokenIds, chosen }: Batch): Int32Array {
  if (chosen === undefined) return tokenIds;
  const ids = dataOf(chosen.best);
  const width = chosen.best.shape[1]!;
  return tokenIds.map((id, t) => (chosen.rows[t]! < 0 ? id : ids[chosen.rows[t]! * width]!));
}

function applyLinear(
  x: Float32Array,
  inputs: number,
  { weight, bias }: Linear,
  outputs: number,
  what: string,
): Float32Array {
  assertShape(weight, [outputs, inputs], `${what} weight`);
  return linear(x, dataOf(weight), inputs, bias && vector(bias, outputs, `${what} bias`));
}

function vector(tensor: Tensor, length: number, what: string): Float32Array {
  assertShape(tensor, [length], what);
  return dataOf(tensor);
}
