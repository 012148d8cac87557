import type { DType } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import { countOf, type Tensor } from '../../tensor/tensor.ts';
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
  MemoryPlan,
  OpTime,
  WeightSource,
} from '../backend.ts';
import { checkAttention } from '../check-attention.ts';
import { Bank, type BankOptions } from './bank.ts';
import { BatchData } from './batch-data.ts';
import type { Executor } from './executor.ts';
import { InlineExecutor } from './inline-executor.ts';
import { addLinear } from './kernels/add-linear.ts';
import { attentionInputs, type AttentionInputs } from './kernels/attention-inputs.ts';
import { best } from './kernels/best.ts';
import { attention, writeKeysValues, writesOwnKeys } from './kernels/attention.ts';
import { embed, unpack } from './kernels/embed.ts';
import { gatedLinear } from './kernels/gated-linear.ts';
import { logits } from './kernels/logits.ts';
import { asKvLayer, createKvCache, type WasmKvLayer } from './kv-cache.ts';
import { KeptSteps } from './kept-steps.ts';
import { kernelSets } from './layouts.ts';
import type { WasmMemory } from './memory.ts';
import { compileModule, MAX_PAGES } from './module.ts';
import { onePlace, placeModel, type Placement } from './placement.ts';
import { chooseKernels, type KernelSetName } from './probe.ts';
import { Profile } from './profile.ts';
import { Program, runProgram, type Recorded } from './program.ts';
import { PROGRAMS_IN_FLIGHT, type Recorder } from './recorder.ts';
import { asF32, isWeight, type WasmTensor } from './tensor.ts';
import type { WorkerHandle } from './spawn-worker.ts';
import { spawnThreads, Threads } from './threads.ts';
import { ResultArrays } from './result-arrays.ts';
import { Turns } from './turns.ts';
import { Uploader, weightBytes } from './upload.ts';
import { canWidenVectors, widenVectors } from './wide-vectors.ts';

export interface WasmBackendOptions {
  /** Worker threads; the machine's cores unless given. */
  readonly threads?: number | undefined;
  /** Compute in the calling thread: for tiny models, and where memory cannot be shared (then always). */
  readonly inline?: boolean | undefined;
  /** Forces a kernel set; otherwise the best that the probe allows. */
  readonly kernelSet?: KernelSetName | undefined;
  /** Fuse vectors where that was proven: for the whole process; see wide-vectors.ts. */
  readonly wideVectors?: boolean | undefined;
  /** Pages of 64 KiB that a memory may have; what 32-bit pointers reach unless given. A larger model has several memories. */
  readonly maxPages?: number | undefined;
}

/** More threads than any machine has cores: a number beyond is a mistake. */
export const MAX_THREADS = 256;

/** Weights that lists of a load are made from; see file-loader.ts. */
const UPLOADS_IN_FLIGHT = 32;

/**
 * The CPU backend: SIMD kernels in WebAssembly, over worker threads that share one memory.
 * @throws RealizarError `invalid-argument` | `backend-unavailable`
 */
export async function createWasmBackend(options: WasmBackendOptions = {}): Promise<Backend> {
  const inline = options.inline === true || typeof SharedArrayBuffer === 'undefined';
  const threads = inline ? 1 : threadCount(options.threads);
  const workers = inline ? [] : spawnThreads(threads);
  try {
    return await openOn(workers, threads, options);
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
}

/** @param workers none: the calling thread computes */
async function openOn(
  workers: readonly WorkerHandle[],
  threads: number,
  options: WasmBackendOptions,
): Promise<Backend> {
  const inline = workers.length === 0;
  const choice = await chooseKernels(options.kernelSet);
  const module = await compileModule(choice.build, !inline);
  const kernelSet = kernelSets[choice.kernelSet];
  const widens = options.wideVectors === true && canWidenVectors();
  const bankOptions = {
    module,
    shared: !inline,
    threads,
    kernelSet,
    wide: widens,
    maxPages: options.maxPages ?? MAX_PAGES,
  };
  const bank = await Bank.create(0, bankOptions);
  const executor = inline
    ? new InlineExecutor()
    : await Threads.start(bank, { workers, module, kernelSet, wide: widens });
  return new WasmBackend(bank, bankOptions, executor, choice.name, widens);
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
  readonly #banks: Bank[];
  readonly #bankOptions: BankOptions;
  readonly #executor: Executor;
  readonly #program: Program;
  readonly #keptSteps: KeptSteps;
  readonly #uploader: Uploader;
  #placement: Placement = onePlace;
  #profile: Profile | undefined;
  #pending: PendingKeys | undefined;
  readonly #turns = new Turns();
  readonly #results = new ResultArrays();
  /** Programs that were taken and have not run. */
  #programs = 0;
  /** Jobs that run, or wait to run, while nobody records. */
  #jobs = 0;
  #closed = false;
  /** V8 still has to be told to fuse vectors. */
  #widens: boolean;

  /** @param widens whether V8 shall fuse vectors */
  constructor(bank: Bank, bankOptions: BankOptions, executor: Executor, mode: string, widens = false) {
    this.#banks = [bank];
    this.#bankOptions = bankOptions;
    this.#executor = executor;
    this.#widens = widens;
    this.#program = new Program(this.#banks);
    this.#keptSteps = new KeptSteps(bank, this.#program);
    this.#uploader = new Uploader(executor, (job) => this.#alone(job));
    this.info = {
      name: 'wasm',
      mode: widens ? `${mode}, wide` : mode,
      threads: executor.threads,
      stepsInFlight: PROGRAMS_IN_FLIGHT,
      uploadsInFlight: UPLOADS_IN_FLIGHT,
    };
  }

  async reserve(plan: MemoryPlan): Promise<void> {
    this.#open();
    this.#placement = placeModel(plan, this.#banks[0]!.memory.maxBytes);
    const { weightBytes: bytes } = this.#placement;
    const known = this.#banks.length;
    for (let i = known; i < this.#placement.banks; i++) this.#banks.push(await Bank.create(i, this.#bankOptions));
    const added = this.#banks.slice(known);
    if (added.length > 0) await this.#alone(() => this.#executor.addBanks(added));
    this.#banks.forEach(({ memory }, i) => memory.makeRoom(bytes[i] ?? 0));
  }

  async upload(source: WeightSource): Promise<Tensor> {
    this.#open();
    return this.#uploader.upload(this.#banks[this.#placement.ofWeight(source.name)]!, source);
  }

  weightBytes(dtype: DType, shape: readonly number[]): number {
    return weightBytes(dtype, shape);
  }

  createKvCache(shape: KvShape): readonly KvLayer[] {
    this.#open();
    return createKvCache((layer) => this.#banks[this.#placement.ofLayer(layer)]!.memory, shape);
  }

  scope<T>(body: () => T): T {
    this.#open();
    const mark = this.#program.mark();
    try {
      return body();
    } finally {
      this.#settleKeys();
      this.#program.free(mark);
    }
  }

  step<T>(batch: Batch, recipe: readonly unknown[], record: () => T): T {
    const inScope = (): T => this.scope(record);
    if (this.#banks.length > 1 || this.#pending || !this.#program.isEmpty) return inScope();
    this.#recordIn(this.#banks[0]!);
    return this.#keptSteps.run(batch, recipe, inScope);
  }

  embed(table: Tensor, batch: Batch): Tensor {
    const bank = this.#bankOf(table);
    const recorder = this.#recordIn(bank);
    const { chosen } = batch;
    const known = chosen ? { ...batch, chosen: { ...chosen, best: this.#program.bring(chosen.best, bank) } } : batch;
    return embed(recorder, table, known, dataOf(bank, batch));
  }

  attentionInputs(
    x: Tensor,
    weights: AttentionWeights,
    cache: KvLayer,
    batch: Batch,
    options: AttentionOptions,
  ): Tensor {
    const bank = this.#bankOf(weights.query.weight);
    const recorder = this.#recordIn(bank);
    const data = dataOf(bank, batch);
    const layer = layerOf(recorder, cache, batch, data, options);
    const inputs = attentionInputs(recorder, this.#program.bring(x, bank), weights, options);
    this.#pending = { inputs, cache: layer, data, options };
    if (!writesOwnKeys(data)) this.#settleKeys();
    return inputs;
  }

  attention(q: Tensor, cache: KvLayer, batch: Batch, options: AttentionOptions): Tensor {
    const own = this.#pending?.inputs === q;
    if (own) this.#pending = undefined;
    const bank = this.#bankOf(cache as WasmKvLayer);
    const recorder = this.#recordIn(bank);
    const data = dataOf(bank, batch);
    const layer = layerOf(recorder, cache, batch, data, options);
    return attention(recorder, q as AttentionInputs, layer, data, options, own);
  }

  addLinear(x: Tensor, input: Tensor, linear: Linear): void {
    const bank = this.#bankOf(linear.weight);
    const recorder = this.#recordIn(bank);
    addLinear(recorder, this.#program.bring(x, bank), this.#program.bring(input, bank), linear);
  }

  gatedLinear(x: Tensor, weights: FeedForwardWeights, normEps: number): Tensor {
    const bank = this.#bankOf(weights.gate.weight);
    const recorder = this.#recordIn(bank);
    return gatedLinear(recorder, this.#program.bring(x, bank), weights, normEps);
  }

  logits(x: Tensor, norm: Tensor, normEps: number, head: Linear, rows: Int32Array): Tensor {
    const bank = this.#bankOf(head.weight);
    const recorder = this.#recordIn(bank);
    return logits(recorder, this.#program.bring(x, bank), norm, normEps, head, rows);
  }

  best(x: Tensor, count: number, limit: number): Tensor {
    return best(this.#recordIn(this.#bankOf(x)), x, count, limit);
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    this.#open();
    const bank = this.#bankOf(tensor);
    const values = isWeight(tensor)
      ? unpack(this.#recordIn(bank), tensor)
      : asF32(bank.memory, tensor, 'the tensor to read');
    const length = countOf(values.shape);
    const recorded = this.#take();
    if (recorded) this.#programs += 1;
    try {
      return await this.#inTurn(recorded, () =>
        this.#results.copyOf(bank.memory.f32.subarray(values.pointer / 4, values.pointer / 4 + length)),
      );
    } finally {
      if (recorded) this.#programs -= 1;
    }
  }

  async profile(): Promise<readonly OpTime[]> {
    this.#open();
    this.#profile ??= new Profile(this.#executor.measures);
    return this.#profile.take();
  }

  async dispose(): Promise<void> {
    this.#closed = true;
    await this.#executor.dispose();
  }

  #open(): void {
    if (this.#closed) throw new RealizarError('closed', 'this backend was closed');
  }

  /** The first memory for what is of no memory of this backend: the op will say what it misses. */
  #bankOf(tensor: { readonly memory?: WasmMemory } | Tensor): Bank {
    const { memory } = tensor as Partial<WasmTensor>;
    return this.#banks.find((bank) => bank.memory === memory) ?? this.#banks[0]!;
  }

  /** Before an op records. */
  #recordIn(bank: Bank): Recorder {
    if (this.#jobs > 0 || this.#programs === PROGRAMS_IN_FLIGHT) {
      throw new RealizarError('invalid-argument', 'the backend is at work: wait for what was asked of it before');
    }
    this.#open();
    this.#settleKeys();
    return this.#program.in(bank);
  }

  /** Has keys and values written that attention was expected to write, and that another op came before. */
  #settleKeys(): void {
    if (!this.#pending) return;
    const { inputs, cache, data, options } = this.#pending;
    this.#pending = undefined;
    writeKeysValues(this.#program.in(this.#bankOf(cache)), inputs, cache, data, options);
  }

  /** What is recorded, if anything is. */
  #take(): Recorded | undefined {
    this.#settleKeys();
    return this.#program.isEmpty ? undefined : this.#program.take();
  }

  /** The first run comes after loading, when all threads are up. */
  #run(recorded: Recorded): Promise<void> | undefined {
    if (this.#widens) widenVectors();
    this.#widens = false;
    return runProgram(recorded, this.#executor, this.#profile);
  }

  /** Runs what is recorded, whose activations lie where jobs stage what they read, then the job, while nobody records. */
  async #alone<T>(job: () => Promise<T>): Promise<T> {
    const recorded = this.#take();
    this.#jobs += 1;
    try {
      return await this.#inTurn(recorded, job);
    } finally {
      this.#jobs -= 1;
    }
  }

  /** Runs a program, then a job, once what was asked before has ended. Waits for promises alone: a tiny model feels each wait. */
  #inTurn<T>(program: Recorded | undefined, job: () => T | Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      this.#open();
      try {
        const running = program && this.#run(program);
        if (running) await running;
        const result = job();
        return result instanceof Promise ? await result : result;
      } catch (error) {
        if (error instanceof RealizarError && error.code === 'closed') this.#closed = true;
        throw error;
      }
    });
  }
}

/** The cache's layer, once ops may attend in it. */
function layerOf(
  { memory }: Recorder,
  cache: KvLayer,
  batch: Batch,
  data: BatchData,
  options: AttentionOptions,
): WasmKvLayer {
  const layer = asKvLayer(memory, cache);
  checkAttention(layer.shape, batch, data.reach, options);
  data.limits.allowCache(layer.shape);
  return layer;
}

function dataOf({ recorder, batches }: Bank, batch: Batch): BatchData {
  const known = batches.get(batch);
  if (known) return known;
  const data = new BatchData(recorder, batch);
  batches.set(batch, data);
  return data;
}
