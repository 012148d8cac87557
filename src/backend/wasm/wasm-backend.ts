import type { DType } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
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
  OpTime,
  WeightSource,
} from '../backend.ts';
import type { Mark } from './arena.ts';
import { batchData, type BatchData } from './batch-data.ts';
import type { Executor } from './executor.ts';
import { InlineExecutor } from './inline-executor.ts';
import type { KernelExports } from './kernel-exports.ts';
import { addLinear } from './kernels/add-linear.ts';
import { attentionInputs, type AttentionInputs } from './kernels/attention-inputs.ts';
import { best } from './kernels/best.ts';
import { checkAttention } from './kernels/check-attention.ts';
import { attention, writeKeysValues, writesOwnKeys } from './kernels/attention.ts';
import { embed, unpack } from './kernels/embed.ts';
import { gatedLinear } from './kernels/gated-linear.ts';
import { logits } from './kernels/logits.ts';
import { createKvCache, type WasmKvLayer } from './kv-cache.ts';
import { isPackedDType, kernelSets, weightLayout } from './layouts.ts';
import { WasmMemory } from './memory.ts';
import { compileModule, createMemory } from './module.ts';
import { chooseKernels, type KernelSetName } from './probe.ts';
import { Profile } from './profile.ts';
import { Recorder } from './recorder.ts';
import { asF32, isWeight } from './tensor.ts';
import { Threads } from './threads.ts';
import { upload } from './upload.ts';

export interface WasmBackendOptions {
  /** Worker threads; the machine's cores unless given. */
  readonly threads?: number | undefined;
  /** Compute in the calling thread: for tiny models, and where memory cannot be shared (then always). */
  readonly inline?: boolean | undefined;
  /** Forces a kernel set; otherwise the best that the probe allows. */
  readonly kernelSet?: KernelSetName | undefined;
}

/** More threads than any machine has cores: a number beyond is a mistake. */
export const MAX_THREADS = 256;

/** Pages of 64 KiB to start with; the memory grows with what is put into it. */
const INITIAL_PAGES = 64;

/**
 * The CPU backend: SIMD kernels in WebAssembly, over worker threads that share one memory.
 * @throws RealizarError `invalid-argument` | `backend-unavailable`
 */
export async function createWasmBackend(options: WasmBackendOptions = {}): Promise<Backend> {
  const inline = options.inline === true || typeof SharedArrayBuffer === 'undefined';
  const threads = inline ? 1 : threadCount(options.threads);
  const choice = await chooseKernels(options.kernelSet);
  const module = await compileModule(choice.build, !inline);
  const shared = createMemory(INITIAL_PAGES, !inline);
  const kernels = (await WebAssembly.instantiate(module, { env: { memory: shared } }))
    .exports as unknown as KernelExports;
  const memory = new WasmMemory(shared, kernels.heap_base());
  const kernelSet = kernelSets[choice.kernelSet];
  const scratchBytes = kernels.linear_scratch_bytes();
  kernels.init_linear(kernelSet, inline ? memory.allocate(scratchBytes, 'the kernels') : 0);
  const executor = inline
    ? new InlineExecutor(kernels)
    : await Threads.start(memory, { threads, module, kernelSet, scratchBytes });
  return new WasmBackend(new Recorder(memory, kernels, threads), executor, choice.name);
}

function threadCount(wanted: number | undefined): number {
  if (wanted === undefined) return Math.min(navigator.hardwareConcurrency, MAX_THREADS);
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= MAX_THREADS) return wanted;
  throw new RealizarError(
    'invalid-argument',
    `threads is ${wanted} and has to be a whole number from 1 to ${MAX_THREADS}`,
    { field: 'threads' },
  );
}

/** What attention may still do for attentionInputs. */
interface PendingKeys {
  readonly inputs: AttentionInputs;
  readonly cache: WasmKvLayer;
  readonly data: BatchData;
  readonly options: AttentionOptions;
}

export class WasmBackend implements Backend {
  readonly info: BackendInfo;
  readonly #recorder: Recorder;
  readonly #executor: Executor;
  readonly #batches = new Map<Batch, BatchData>();
  #profile: Profile | undefined;
  #pending: PendingKeys | undefined;
  #running: Promise<unknown> | undefined;
  #closed = false;

  constructor(recorder: Recorder, executor: Executor, mode: string) {
    this.#recorder = recorder;
    this.#executor = executor;
    this.info = { name: 'wasm', mode, threads: executor.threads };
  }

  async upload(source: WeightSource): Promise<Tensor> {
    await this.#runRecorded(); // its activations lie where the upload stages what it reads
    return this.#alone(() => upload(this.#recorder, this.#executor, source));
  }

  weightBytes(dtype: DType, shape: readonly number[]): number {
    if (shape.length !== 2) return 4 * shape.reduce((product, n) => product * n, 1);
    return weightLayout(isPackedDType(dtype) ? dtype : 'f32', shape[0]!, shape[1]!).byteLength;
  }

  createKvCache(shape: KvShape): readonly KvLayer[] {
    return createKvCache(this.#open().memory, shape);
  }

  scope<T>(body: () => T): T {
    const { activations } = this.#open();
    const mark = activations.mark();
    try {
      return body();
    } finally {
      this.#settleKeys();
      activations.release(mark);
    }
  }

  embed(table: Tensor, batch: Batch): Tensor {
    const recorder = this.#recording();
    return embed(recorder, table, batch, this.#dataOf(batch));
  }

  attentionInputs(
    x: Tensor,
    weights: AttentionWeights,
    cache: KvLayer,
    batch: Batch,
    options: AttentionOptions,
  ): Tensor {
    const recorder = this.#recording();
    const data = this.#dataOf(batch);
    const layer = checkAttention(recorder.memory, cache, batch, data, options);
    const inputs = attentionInputs(recorder, x, weights, options);
    this.#pending = { inputs, cache: layer, data, options };
    if (!writesOwnKeys(data)) this.#settleKeys();
    return inputs;
  }

  attention(q: Tensor, cache: KvLayer, batch: Batch, options: AttentionOptions): Tensor {
    const own = this.#pending?.inputs === q;
    if (own) this.#pending = undefined;
    const recorder = this.#recording();
    const data = this.#dataOf(batch);
    const layer = checkAttention(recorder.memory, cache, batch, data, options);
    return attention(recorder, q as AttentionInputs, layer, data, options, own);
  }

  addLinear(x: Tensor, input: Tensor, linear: Linear): void {
    addLinear(this.#recording(), x, input, linear);
  }

  gatedLinear(x: Tensor, weights: FeedForwardWeights, normEps: number): Tensor {
    return gatedLinear(this.#recording(), x, weights, normEps);
  }

  logits(x: Tensor, norm: Tensor, normEps: number, head: Linear, rows: Int32Array): Tensor {
    return logits(this.#recording(), x, norm, normEps, head, rows);
  }

  best(x: Tensor, count: number, limit: number): Tensor {
    return best(this.#recording(), x, count, limit);
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    const wasLoaded = isWeight(tensor);
    const recorder = wasLoaded ? this.#recording() : this.#open();
    const { memory } = recorder;
    const values = wasLoaded ? unpack(recorder, tensor) : asF32(memory, tensor, 'the tensor to read');
    await this.#runRecorded();
    const length = values.shape.reduce((product, n) => product * n, 1);
    return memory.f32.slice(values.pointer / 4, values.pointer / 4 + length);
  }

  profile(): readonly OpTime[] {
    const { memory } = this.#open();
    this.#profile ??= new Profile(memory, this.#executor);
    return this.#profile.take();
  }

  async dispose(): Promise<void> {
    this.#closed = true;
    await this.#executor.dispose();
  }

  #open(): Recorder {
    if (this.#closed) throw new RealizarError('closed', 'this backend was closed');
    return this.#recorder;
  }

  /** Before an op records. */
  #recording(): Recorder {
    if (this.#running) {
      throw new RealizarError('invalid-argument', 'the backend is at work: its calls are made one after another');
    }
    const recorder = this.#open();
    this.#settleKeys();
    return recorder;
  }

  /** Has keys and values written that attention was expected to write, and that another op came before. */
  #settleKeys(): void {
    if (!this.#pending) return;
    const { inputs, cache, data, options } = this.#pending;
    this.#pending = undefined;
    writeKeysValues(this.#recorder, inputs, cache, data, options);
  }

  #dataOf(batch: Batch): BatchData {
    const known = this.#batches.get(batch);
    if (known) return known;
    const data = batchData(this.#recorder, batch);
    this.#batches.set(batch, data);
    return data;
  }

  async #runRecorded(): Promise<void> {
    await this.#alone(async () => {
      this.#settleKeys();
      const { commands, constants } = this.#recorder;
      if (commands.isEmpty) return;
      this.#batches.clear();
      await this.#run(commands.finish());
      constants.release(NOTHING);
    });
  }

  async #run(list: number): Promise<void> {
    const profile = this.#profile;
    profile?.begin();
    await this.#executor.run(list);
    profile?.end();
  }

  /** Waits for what runs, then starts `job`: at once, and so before a scope around the call ends, if nothing runs. */
  async #alone<T>(job: () => Promise<T>): Promise<T> {
    while (this.#running) await this.#running.catch(() => {});
    this.#open();
    const running = job();
    this.#running = running;
    try {
      return await running;
    } catch (error) {
      if (error instanceof RealizarError && error.code === 'closed') this.#closed = true;
      throw error;
    } finally {
      this.#running = undefined;
    }
  }
}

const NOTHING: Mark = { piece: 0, used: 0 };
