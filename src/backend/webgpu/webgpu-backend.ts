import type { DType } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import { assertShape, countOf, rowsOf, type Tensor } from '../../tensor/tensor.ts';
import type {
  AttentionOptions,
  AttentionWeights,
  AutotuneMode,
  Backend,
  BackendInfo,
  Batch,
  BestOf,
  FeedForwardWeights,
  KvDType,
  KvLayer,
  KvShape,
  Linear,
  MemoryPlan,
  ModelProducts,
  OpTime,
  WeightSource,
} from '../backend.ts';
import { checkAttention } from '../check-attention.ts';
import { checkBest } from '../check-best.ts';
import { idBeyond } from '../id-beyond.ts';
import type { Limits } from './autotune/budget.ts';
import type { TuningStore } from './autotune/tuning-store.ts';
import { type BatchData, BatchStore } from './batch-data.ts';
import { BestTokens } from './best-tokens.ts';
import type { OpenedDevice } from './device.ts';
import { tooLarge } from './device-health.ts';
import { type Counters, Gpu } from './gpu.ts';
import { asNumbers, asWeight, type GpuTensor, isGpuWeight, numbersIn } from './gpu-tensor.ts';
import { hasRoom } from './has-room.ts';
import { KernelChoice } from './kernel-choice.ts';
import { KeptSteps, type RecordedStep } from './kept-steps.ts';
import { asKvLayer, createKvCache, type GpuKvLayer, kvCacheBytes } from './kv-cache.ts';
import type { GpuLinear, OpContext } from './ops.ts';
import { embed } from './plain/embed.ts';
import { Profiler } from './profiler.ts';
import { Readback } from './readback.ts';
import { StepPace } from './step-pace.ts';
import { bytesOnGpu, Uploader } from './upload.ts';
import { formatOnGpu } from './weight.ts';

export interface WebgpuBackendOptions {
  readonly opened: OpenedDevice;
  /** Default: f16, half the memory of f32 and as good as it for text. */
  readonly kvDType?: KvDType | undefined;
  /** Largest shard of a weight, in bytes; for tests of what happens on small devices. */
  readonly shardBytes?: number | undefined;
  /** `plain`: one simple kernel for each step of an op, slow and the same everywhere. */
  readonly kernels?: 'fused' | 'plain' | undefined;
  /**
   * Whether kernels are compared with the host before weights of a format are first used. Default: on real GPUs; on software ones
   * compiling takes longer than loading.
   */
  readonly selfCheck?: boolean | undefined;
  /** Whether kernels are timed on the weights: where nothing is known yet, on real GPUs; never; or again, anywhere. Default: `on`. */
  readonly autotune?: AutotuneMode | undefined;
  /** Keeps what was found out. */
  readonly tuningStore?: TuningStore | undefined;
  /** What finding out may cost; for tests. */
  readonly tuningLimits?: Limits | undefined;
  /** Hears of kernels that are wrong here and were replaced. Default: `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Steps whose reads may be waited for together: enough to hide a read behind the next steps' work. */
const STEPS_IN_FLIGHT = 4;

/** The GPU backend: WGSL kernels in shaders/, on Dawn in Node and `navigator.gpu` in browsers. */
export class WebgpuBackend implements Backend {
  info: BackendInfo;
  readonly gpu: Gpu;
  readonly #context: OpContext;
  readonly #kernels: KernelChoice;
  readonly #kvDType: KvDType;
  readonly #uploader: Uploader;
  readonly #batches: BatchStore;
  readonly #readback: Readback;
  /** Activations of each open scope, the innermost last. */
  readonly #scopes: GpuTensor[][] = [];
  readonly #best: BestTokens;
  readonly #keptSteps: KeptSteps;
  /** What the latest step made, which is read after it: until something else is recorded. */
  #readable: readonly GpuTensor[] = [];
  #uploads: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor({
    opened,
    kvDType = 'f16',
    shardBytes,
    kernels = 'fused',
    selfCheck = !opened.facts.isFallback,
    autotune = 'on',
    tuningStore,
    tuningLimits,
    onWarning = (message) => console.warn(message),
  }: WebgpuBackendOptions) {
    this.gpu = new Gpu(opened.device, opened.facts);
    this.#kvDType = kvDType;
    this.#uploader = new Uploader(this.gpu, { shardBytes });
    this.#batches = new BatchStore(this.gpu);
    this.#readback = new Readback(this.gpu, opened.isPolled ? new StepPace() : undefined);
    this.#best = new BestTokens(this.gpu, STEPS_IN_FLIGHT + 1);
    this.#keptSteps = new KeptSteps(this.gpu, this.#batches, this.#best);
    this.#context = {
      gpu: this.gpu,
      activation: (shape) => this.#activation(shape),
      ropeOf: (data, rope) => this.#batches.ropeOf(data, rope),
      words: (values) => this.#batches.words(values),
    };
    this.#kernels = new KernelChoice(this.#context, {
      opened,
      kernels,
      selfCheck,
      autotune,
      tuningStore,
      tuningLimits,
      onWarning,
    });
    this.info = {
      name: 'webgpu',
      mode: this.#kernels.mode,
      threads: 1,
      device: opened.facts.description,
      stepsInFlight: STEPS_IN_FLIGHT,
    };
  }

  /**
   * Asks the device for all the memory at once, and gives it back: a model that does not fit is refused before it is read. Then
   * compares with the host the kernels that every model needs.
   */
  async reserve({ parts, kvCache }: MemoryPlan): Promise<void> {
    this.#assertOpen();
    const weights = parts.flatMap((part) => part.weights.map(({ dtype, shape }) => this.weightBytes(dtype, shape)));
    const bytes = weights.reduce((sum, n) => sum + n, kvCacheBytes(kvCache, this.#kvDType));
    if (!(await hasRoom(this.gpu.device, bytes))) {
      await this.gpu.health.settled(); // a lost device has no room either
      throw tooLarge('this model', bytes, 'less than that');
    }
    await this.#kernels.proveModel(kvCache, this.#kvDType);
    this.#keptSteps.forget();
  }

  async upload(source: WeightSource): Promise<Tensor> {
    this.#assertOpen();
    // One after another: they share the scratch memory.
    const uploading = this.#uploads.then(async () => {
      if (source.shape.length > 1) await this.#kernels.proveFormat(formatOnGpu(source.dtype));
      const tensor = await this.#uploader.upload(source);
      this.#keptSteps.forget();
      return tensor;
    });
    this.#uploads = uploading.catch(() => {});
    return uploading;
  }

  weightBytes(dtype: DType, shape: readonly number[]): number {
    const [rows, columns] = shape;
    return columns === undefined ? 4 * (rows ?? 1) : bytesOnGpu(formatOnGpu(dtype), rows!, columns);
  }

  async tune(products: ModelProducts): Promise<void> {
    this.#assertOpen();
    this.info = { ...this.info, tuned: await this.#kernels.tune(products) };
    this.#keptSteps.forget();
  }

  createKvCache(shape: KvShape): readonly KvLayer[] {
    this.#assertOpen();
    this.#uploader.release(); // weights come first; what brought them makes room
    return createKvCache(this.gpu, shape, this.#kvDType);
  }

  scope<T>(body: () => T): T {
    return this.#inScope(body).result;
  }

  step<T>(batch: Batch, recipe: readonly unknown[], record: () => T): T {
    this.#assertOpen();
    if (this.#scopes.length > 0) return record();
    this.#endStep();
    const { result, made } = this.#keptSteps.run(batch, recipe, () => this.#inScope(record));
    for (const tensor of made) tensor.isOver = false;
    this.#readable = made;
    return result;
  }

  embed(table: Tensor, batch: Batch): Tensor {
    this.#assertOpen();
    const weight = asWeight(this.gpu, table, 'the embedding table');
    const [vocab] = weight.shape as [number];
    checkIds(batch, vocab);
    const data = this.#batches.dataOf(batch);
    data.limits.allowIds(vocab);
    return this.#kernels.ops.embed(weight, data);
  }

  attentionInputs(
    x: Tensor,
    weights: AttentionWeights,
    cache: KvLayer,
    batch: Batch,
    options: AttentionOptions,
  ): Tensor {
    this.#assertOpen();
    const { numHeads, numKvHeads, headDim } = options;
    const data = this.#batches.dataOf(batch);
    const layer = this.#layer(cache, batch, data, options);
    const [, width] = rowsOf(x);
    assertShape(x, [data.tokens, width], 'attentionInputs x');
    const checked = {
      norm: this.#vector(weights.norm, width, 'norm'),
      query: this.#linear(weights.query, numHeads * headDim, width, 'query'),
      key: this.#linear(weights.key, numKvHeads * headDim, width, 'key'),
      value: this.#linear(weights.value, numKvHeads * headDim, width, 'value'),
      queryNorm: weights.queryNorm && this.#vector(weights.queryNorm, headDim, 'query norm'),
      keyNorm: weights.keyNorm && this.#vector(weights.keyNorm, headDim, 'key norm'),
    };
    return this.#kernels.ops.attentionInputs(asNumbers(this.gpu, x, 'x'), checked, layer, data, options);
  }

  attention(q: Tensor, cache: KvLayer, batch: Batch, options: AttentionOptions): Tensor {
    this.#assertOpen();
    const data = this.#batches.dataOf(batch);
    const layer = this.#layer(cache, batch, data, options);
    const projections = asNumbers(this.gpu, q, 'q');
    const { numHeads, numKvHeads, headDim } = options;
    assertShape(projections, [data.tokens, (numHeads + 2 * numKvHeads) * headDim], 'attention q');
    return this.#kernels.ops.attention(projections, layer, data, options);
  }

  addLinear(x: Tensor, input: Tensor, linear: Linear): void {
    this.#assertOpen();
    const [tokens, outputs] = rowsOf(x);
    const [, inputs] = rowsOf(input);
    assertShape(input, [tokens, inputs], 'addLinear input');
    this.#kernels.ops.addLinear(
      asNumbers(this.gpu, x, 'x'),
      asNumbers(this.gpu, input, 'input'),
      this.#linear(linear, outputs, inputs, 'addLinear'),
    );
  }

  gatedLinear(x: Tensor, weights: FeedForwardWeights, normEps: number): Tensor {
    this.#assertOpen();
    const [, width] = rowsOf(x);
    const outputs = weights.gate.weight.shape[0]!;
    const checked = {
      norm: this.#vector(weights.norm, width, 'norm'),
      gate: this.#linear(weights.gate, outputs, width, 'gate'),
      up: this.#linear(weights.up, outputs, width, 'up'),
    };
    return this.#kernels.ops.gatedLinear(asNumbers(this.gpu, x, 'x'), checked, normEps);
  }

  logits(x: Tensor, norm: Tensor, normEps: number, head: Linear, rows: Int32Array, bestOf?: BestOf): Tensor {
    this.#assertOpen();
    const [tokens, width] = rowsOf(x);
    for (const row of rows) {
      if (row >= 0 && row < tokens) continue;
      throw new RealizarError('invalid-argument', `row ${row} is none of ${tokens}`, { field: 'rows' });
    }
    const vocab = head.weight.shape[0]!;
    if (bestOf) checkBest(bestOf.count, bestOf.limit, vocab);
    return this.#kernels.ops.logits(
      asNumbers(this.gpu, x, 'x'),
      this.#vector(norm, width, 'output norm'),
      normEps,
      this.#linear(head, vocab, width, 'head'),
      this.#batches.words(Int32Array.from(rows)),
      rows.length,
      bestOf,
    );
  }

  best(logits: Tensor, count: number, limit: number): Tensor {
    this.#assertOpen();
    const [rows, vocab] = rowsOf(logits);
    checkBest(count, limit, vocab);
    const y = this.#best.take([rows, 2 * count]);
    this.#kernels.ops.best(asNumbers(this.gpu, logits, 'logits'), count, limit, y);
    return y;
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    this.#assertOpen();
    const numbers = isGpuWeight(tensor) ? this.#unpacked(tensor) : asNumbers(this.gpu, tensor, 'the tensor to read');
    const reading = this.#readback.read(numbers.buffer, countOf(numbers.shape), this.#batches.tokens);
    this.#batches.release();
    return reading;
  }

  /** Times on the GPU, kernel by kernel; a step takes longer while it measures. Nothing where the device has no clock for it. */
  async profile(): Promise<readonly OpTime[]> {
    if (this.gpu.profiler) {
      await this.gpu.profiler.settled();
      return this.gpu.profiler.take();
    }
    if (this.gpu.facts.features.has('timestamp-query')) this.gpu.profiler = new Profiler(this.gpu.device);
    return [];
  }

  /** What recording cost since the last call. */
  takeCounters(): Counters {
    return this.gpu.takeCounters();
  }

  async dispose(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.gpu.health.dispose();
    this.gpu.device.destroy();
  }

  /** All rows of a weight, as f32. */
  #unpacked(tensor: Tensor): GpuTensor {
    const weight = asWeight(this.gpu, tensor, 'the tensor to read');
    const rows = weight.shape[0]!;
    return this.scope(() => {
      const ids = this.#batches.words(Int32Array.from({ length: rows }, (_, row) => row));
      return { ...embed(this.#context, weight, ids, rows) };
    });
  }

  #inScope<T>(body: () => T): RecordedStep<T> {
    this.#assertOpen();
    this.#endStep();
    const made: GpuTensor[] = [];
    this.#scopes.push(made);
    this.gpu.activations.open();
    try {
      return { result: body(), made };
    } finally {
      this.#scopes.pop();
      for (const tensor of made) tensor.isOver = true;
      this.gpu.activations.close();
    }
  }

  #endStep(): void {
    for (const tensor of this.#readable) tensor.isOver = true;
    this.#readable = [];
  }

  #activation(shape: readonly number[]): GpuTensor {
    this.#endStep();
    const tensor = numbersIn(this.gpu, shape, (bytes) => this.gpu.activation(bytes));
    this.#scopes.at(-1)?.push(tensor);
    return tensor;
  }

  #layer(cache: KvLayer, batch: Batch, data: BatchData, options: AttentionOptions): GpuKvLayer {
    const layer = asKvLayer(this.gpu, cache);
    checkAttention(layer.shape, batch, data.reach, options);
    data.limits.allowCache(layer.shape);
    return layer;
  }

  #linear({ weight, bias }: Linear, outputs: number, inputs: number, what: string): GpuLinear {
    assertShape(weight, [outputs, inputs], `${what} weight`);
    return {
      weight: asWeight(this.gpu, weight, `${what} weight`),
      bias: bias && this.#vector(bias, outputs, `${what} bias`),
    };
  }

  #vector(tensor: Tensor, length: number, what: string): GpuTensor {
    assertShape(tensor, [length], what);
    return asNumbers(this.gpu, tensor, what);
  }

  #assertOpen(): void {
    if (this.#closed) throw new RealizarError('closed', 'this backend was closed');
    const { failure } = this.gpu.health;
    if (failure) throw failure;
  }
}

/** Ids that the host knows; those that `best` chose are always of the vocabulary. */
function checkIds(batch: Batch, vocab: number): void {
  const id = idBeyond(vocab, batch);
  if (id === undefined) return;
  throw new RealizarError('invalid-argument', `token id ${id} is outside a vocabulary of ${vocab}`, {
    field: 'tokenIds',
  });
}
