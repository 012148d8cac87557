import { rowsOf } from '../../../tensor/tensor.ts';
import type { AttentionOptions, BestOf } from '../../backend.ts';
import type { BatchData } from '../batch-data.ts';
import { COPY_DST, COPY_SRC, STORAGE } from '../gpu-flags.ts';
import type { GpuTensor, GpuWeight } from '../gpu-tensor.ts';
import type { GpuKvLayer } from '../kv-cache.ts';
import { placeHeads } from '../plain/attention-inputs.ts';
import type { GpuAttentionWeights, GpuFeedForwardWeights, GpuLinear, OpContext, Ops } from '../ops.ts';
import { Attention, type AttentionCall } from './attention.ts';
import { attentionTiles } from './attention-tiles.ts';
import { type BestParts, mergeBest } from './best-merge.ts';
import { kindOf } from './product-kind.ts';
import { isMultipliable, Product, type ProductSpec } from './product.ts';
import type { Tuning } from './tuning.ts';
import type { GpuFormat } from '../weight.ts';

/** The fused kernels of this folder, and `plain` for shapes they are not made for. */
export class FastOps implements Ops {
  readonly #context: OpContext;
  readonly #plain: Ops;
  readonly #tuning: Tuning;
  #attentionTuning: Tuning | undefined;
  #findsBest = true;
  /** By their first matrix; there are more than one only where a matrix has several uses. */
  readonly #products = new WeakMap<GpuWeight, KnownProduct[]>();
  /** What the product that made these logits found in passing, of the first `limit` of each row. */
  readonly #bestParts = new WeakMap<GpuTensor, BestParts & { readonly limit: number }>();
  readonly #headNorms = new WeakMap<GpuTensor, GPUBuffer>();
  readonly #attentions = new Map<string, Attention>();
  /** Projections whose heads `attention` still has to turn, and the norms of those heads. */
  readonly #unturned = new WeakMap<GpuTensor, { readonly headNorms: GPUBuffer | undefined }>();
  /** How weights of a format are multiplied, where that is not as usual; undefined: not by these kernels. */
  readonly #exceptions = new Map<GpuFormat, Tuning | undefined>();
  /** What was found to be faster than usual, by kinds of products. */
  readonly #preferred = new Map<string, Tuning>();
  readonly #tiles = new WeakMap<BatchData, Map<number, { readonly buffer: GPUBuffer; readonly count: number }>>();

  constructor(context: OpContext, plain: Ops, tuning: Tuning) {
    this.#context = context;
    this.#plain = plain;
    this.#tuning = tuning;
    this.#attentionTuning = tuning;
  }

  /** Before the first weight of the format is used. @param tuning undefined: leave them to the plain kernels */
  except(format: GpuFormat, tuning: Tuning | undefined): void {
    this.#exceptions.set(format, tuning);
  }

  /** Before the first step. @param tuning undefined: leave it to the plain kernels */
  attendBy(tuning: Tuning | undefined): void {
    this.#attentionTuning = tuning;
  }

  /** Leaves it to the plain kernels to find the largest logit. */
  leaveBest(): void {
    this.#findsBest = false;
  }

  isException(format: GpuFormat): boolean {
    return this.#exceptions.has(format);
  }

  /** Before the first such product. @param kind of `kindOf` */
  prefer(kind: string, tuning: Tuning): void {
    this.#preferred.set(kind, tuning);
  }

  embed(table: GpuWeight, data: BatchData): GpuTensor {
    return this.#plain.embed(table, data);
  }

  attentionInputs(
    x: GpuTensor,
    weights: GpuAttentionWeights,
    cache: GpuKvLayer,
    data: BatchData,
    options: AttentionOptions,
  ): GpuTensor {
    const { norm, query, key, value, queryNorm, keyNorm } = weights;
    const linears = [query, key, value];
    if (!this.#areMultipliable(linears)) return this.#plain.attentionInputs(x, weights, cache, data, options);
    const product = this.#product(linears, { norm, eps: options.normEps }, 'store');
    const projections = this.#context.activation([data.tokens, product.outputs]);
    product.run(x.buffer, data.tokens, projections.buffer);
    if (this.#attentionTuning !== undefined && Attention.supports(options, cache.dtype))
      this.#unturned.set(projections, { headNorms: queryNorm && keyNorm && this.#joinedNorms(queryNorm, keyNorm) });
    else placeHeads(this.#context, projections, weights, cache, data, options);
    return projections;
  }

  attention(projections: GpuTensor, cache: GpuKvLayer, data: BatchData, options: AttentionOptions): GpuTensor {
    const unturned = this.#unturned.get(projections);
    if (!unturned) return this.#plain.attention(projections, cache, data, options);
    const { headNorms } = unturned;
    const { numHeads, headDim, rope } = options;
    const y = this.#context.activation([data.tokens, numHeads * headDim]);
    const call: AttentionCall = {
      projections: projections.buffer,
      cache,
      rows: data.rows,
      table: data.table,
      rope: this.#context.ropeOf(data, rope),
      headNorms,
      y: y.buffer,
      tokens: data.tokens,
      maxPosition: data.maxPosition,
    };
    const kernels = this.#attention(cache, options, headNorms !== undefined);
    if (data.isDecode) {
      kernels.decode(call);
    } else {
      const { buffer, count } = this.#tilesOf(data, kernels.tileSize);
      kernels.prefill(call, buffer, count);
    }
    return y;
  }

  addLinear(x: GpuTensor, input: GpuTensor, linear: GpuLinear): void {
    if (!this.#areMultipliable([linear])) return this.#plain.addLinear(x, input, linear);
    const [rows] = rowsOf(input);
    this.#product([linear], undefined, 'add').run(input.buffer, rows, x.buffer);
  }

  gatedLinear(x: GpuTensor, weights: GpuFeedForwardWeights, normEps: number): GpuTensor {
    const { norm, gate, up } = weights;
    if (!this.#areMultipliable([gate, up])) return this.#plain.gatedLinear(x, weights, normEps);
    const product = this.#product([gate, up], { norm, eps: normEps }, 'gated');
    const [rows] = rowsOf(x);
    const y = this.#context.activation([rows, product.outputs]);
    product.run(x.buffer, rows, y.buffer);
    return y;
  }

  logits(
    x: GpuTensor,
    norm: GpuTensor,
    normEps: number,
    head: GpuLinear,
    rows: GPUBuffer,
    count: number,
    bestOf?: BestOf,
  ): GpuTensor {
    if (!this.#areMultipliable([head])) return this.#plain.logits(x, norm, normEps, head, rows, count);
    const limit = this.#findsBest && bestOf?.count === 1 ? bestOf.limit : undefined;
    const product = this.#product([head], { norm, eps: normEps }, 'store', limit);
    const y = this.#context.activation([count, product.outputs]);
    // The only row is the wanted one: a decode step, in which the product prepares its row itself.
    const isOnly = rowsOf(x)[0] === 1 && count === 1;
    const parts = product.run(x.buffer, count, y.buffer, isOnly ? undefined : rows);
    if (parts) this.#bestParts.set(y, { ...parts, limit: limit! });
    return y;
  }

  best(logits: GpuTensor, count: number, limit: number, y: GpuTensor): void {
    const parts = this.#bestParts.get(logits);
    if (count === 1 && parts?.limit === limit) mergeBest(this.#context.gpu, logits, parts, y);
    else this.#plain.best(logits, count, limit, y);
  }

  #areMultipliable(linears: readonly GpuLinear[]): boolean {
    return linears.every(({ weight }) => isMultipliable(weight) && this.#tuningOf(weight) !== undefined);
  }

  #tuningOf({ format }: GpuWeight): Tuning | undefined {
    return this.#exceptions.has(format) ? this.#exceptions.get(format) : this.#tuning;
  }

  #product(
    linears: readonly GpuLinear[],
    normed: Normed | undefined,
    form: ProductSpec['form'],
    bestLimit?: number,
  ): Product {
    const [{ weight }] = linears as readonly [GpuLinear];
    const all = this.#products.get(weight) ?? [];
    this.#products.set(weight, all);
    const known = all.find(
      (each) => each.form === form && each.bestLimit === bestLimit && isSame(each, linears, normed),
    );
    if (known) return known.product;
    // Matrices side by side are multiplied as the most difficult of them.
    const exception = linears.map((linear) => this.#tuningOf(linear.weight)!).find((each) => each !== this.#tuning);
    const matrices = linears.map((linear) => linear.weight);
    const tuning = exception ?? this.#preferred.get(kindOf({ form, matrices })) ?? this.#tuning;
    const product = new Product(this.#context.gpu, tuning, {
      matrices,
      bias: this.#joinedBiases(linears),
      norm: normed && { weight: normed.norm.buffer, eps: normed.eps },
      form,
      bestLimit,
    });
    all.push({ product, form, bestLimit, linears, normed });
    return product;
  }

  /** The biases one after another; zeros for a matrix without, when another has one. */
  #joinedBiases(linears: readonly GpuLinear[]): GPUBuffer | undefined {
    if (linears.every(({ bias }) => bias === undefined)) return undefined;
    if (linears.length === 1) return linears[0]!.bias!.buffer;
    return this.#joined(
      linears.map(({ weight, bias }) => ({ buffer: bias?.buffer, length: weight.shape[0]! })),
      'biases',
    );
  }

  #joinedNorms(queryNorm: GpuTensor, keyNorm: GpuTensor): GPUBuffer {
    let joined = this.#headNorms.get(queryNorm);
    if (!joined) {
      joined = this.#joined(
        [queryNorm, keyNorm].map(({ buffer, shape }) => ({ buffer, length: shape[0]! })),
        'norms of heads',
      );
      this.#headNorms.set(queryNorm, joined);
    }
    return joined;
  }

  #joined(
    parts: readonly { readonly buffer: GPUBuffer | undefined; readonly length: number }[],
    what: string,
  ): GPUBuffer {
    const { gpu } = this.#context;
    const bytes = parts.reduce((total, { length }) => total + 4 * length, 0);
    const joined = gpu.allocate(bytes, what, STORAGE | COPY_SRC | COPY_DST);
    let offset = 0;
    for (const { buffer, length } of parts) {
      if (buffer) gpu.copy(buffer, 0, joined, offset, 4 * length);
      offset += 4 * length;
    }
    return joined;
  }

  #attention(cache: GpuKvLayer, options: AttentionOptions, hasHeadNorms: boolean): Attention {
    const { numHeads, numKvHeads, headDim, rope, scale, normEps, slidingWindow } = options;
    const { dtype, shape } = cache;
    const key = [
      ...[numHeads, numKvHeads, headDim, rope.pairing, rope.dimensions, scale, normEps, slidingWindow],
      ...[dtype, shape.blockSize, hasHeadNorms],
    ].join(' ');
    let attention = this.#attentions.get(key);
    if (!attention) {
      const { gpu } = this.#context;
      attention = new Attention(
        gpu,
        this.#attentionTuning!,
        options,
        { dtype, blockSize: shape.blockSize },
        hasHeadNorms,
      );
      this.#attentions.set(key, attention);
    }
    return attention;
  }

  /** Once for all layers of a step. */
  #tilesOf(data: BatchData, size: number): { readonly buffer: GPUBuffer; readonly count: number } {
    const known = this.#tiles.get(data) ?? new Map<number, { readonly buffer: GPUBuffer; readonly count: number }>();
    this.#tiles.set(data, known);
    let tiles = known.get(size);
    if (!tiles) {
      const list = attentionTiles(data.sequenceOf, size);
      tiles = { buffer: this.#context.words(list), count: list.length / 4 };
      known.set(size, tiles);
    }
    return tiles;
  }
}

interface Normed {
  readonly norm: GpuTensor;
  readonly eps: number;
}

interface KnownProduct {
  readonly product: Product;
  readonly form: ProductSpec['form'];
  readonly bestLimit: number | undefined;
  readonly linears: readonly GpuLinear[];
  readonly normed: Normed | undefined;
}

function isSame(known: KnownProduct, linears: readonly GpuLinear[], normed: Normed | undefined): boolean {
  return (
    known.linears.length === linears.length &&
    known.linears.every(({ weight, bias }, i) => weight === linears[i]!.weight && bias === linears[i]!.bias) &&
    known.normed?.norm === normed?.norm &&
    known.normed?.eps === normed?.eps
  );
}
