import type { Backend, KvDType, KvShape, WeightSource } from '../backend/backend.ts';
import type { Checkpoint, TensorInfo } from '../checkpoint/checkpoint.ts';
import { formats } from '../dtype/index.ts';
import { RealizarError } from '../errors.ts';
import { countOf, type Tensor } from '../tensor/tensor.ts';
import type { Architecture } from './architecture.ts';
import { architectureNamed } from './architectures/index.ts';
import type { ModelConfig } from './config.ts';
import { configFromMetadata } from './config-from-metadata.ts';
import { kvShape } from './kv-cache.ts';
import { memoryPlan } from './memory-plan.ts';
import { Model, type LoadedWeights } from './model.ts';
import { arrangeWeights, planWeights, ROPE_DIVISORS, type ModelWeights, type WeightPlan } from './weights.ts';

export interface LoadModelOptions {
  /** Positions of the kv cache, at most the model's own. Default: the model's own, at most 8192. */
  readonly contextLength?: number | undefined;
  /** How keys and values are stored. Default: as the backend likes. */
  readonly kvCacheType?: KvDType | undefined;
  /** What `planModel` found, where it was asked before. */
  readonly plan?: ModelPlan | undefined;
  /** The way back when the backend's device is lost. */
  readonly reopen?: Reopen | undefined;
  readonly onProgress?:
    | ((progress: { readonly loadedBytes: number; readonly totalBytes: number; readonly tensor: string }) => void)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Opens again what a model was loaded from and where it was loaded. */
export interface Reopen {
  backend(): Promise<Backend>;
  /** It is closed when its weights were read. */
  checkpoint(): Promise<Checkpoint>;
}

/** The keys and values of a longer context can need more memory than the weights. */
export const DEFAULT_CONTEXT_LENGTH = 8192;

/** What a checkpoint holds, checked to the last shape and not yet read. */
export interface ModelPlan extends WeightPlan {
  readonly architecture: Architecture;
  readonly config: ModelConfig;
}

/**
 * Understands a checkpoint without loading it.
 * @throws RealizarError `unknown-architecture` | `missing-metadata` | `bad-hparam` | `missing-tensor` | `shape-mismatch`
 */
export async function planModel(checkpoint: Checkpoint): Promise<ModelPlan> {
  const config = configFromMetadata(checkpoint.metadata, await ropeDivisors(checkpoint));
  const architecture = architectureNamed(config.architecture);
  return { architecture, config, ...planWeights(checkpoint, architecture, config) };
}

/**
 * Brings a checkpoint's weights into a backend. The backend belongs to the model from here on, and is disposed of when loading fails.
 * A device that is lost meanwhile is replaced, if that is possible; one that is lost again is broken.
 * @throws RealizarError as `planModel`; also `aborted` | `device-lost` | `out-of-memory` | `unsupported-dtype` and what reading throws
 */
export async function loadModel(
  checkpoint: Checkpoint,
  backend: Backend,
  options: LoadModelOptions = {},
): Promise<Model> {
  const { reopen, signal } = options;
  try {
    return await loadOnce(checkpoint, backend, options);
  } catch (error) {
    const isLost = error instanceof RealizarError && error.code === 'device-lost';
    if (!isLost || reopen === undefined || signal?.aborted) throw error;
    return loadOnce(checkpoint, await reopen.backend(), options);
  }
}

async function loadOnce(checkpoint: Checkpoint, backend: Backend, options: LoadModelOptions): Promise<Model> {
  const { reopen, kvCacheType } = options;
  try {
    const plan = options.plan ?? (await planModel(checkpoint));
    const contextLength = Math.min(options.contextLength ?? DEFAULT_CONTEXT_LENGTH, plan.config.contextLength);
    const cache = kvShape(plan.config, contextLength, kvCacheType);
    const weights = await loadWeights(checkpoint, plan, backend, cache, options);
    const weightBytes = sum(plan.tensors.map((tensor) => backend.weightBytes(tensor.dtype, tensor.shape)));
    const reload = reopen && (() => loadAgain(plan, cache, reopen));
    return new Model({ ...plan, backend, weights, weightBytes, contextLength, kvCacheType, reload });
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}

async function loadWeights(
  checkpoint: Checkpoint,
  plan: ModelPlan,
  backend: Backend,
  cache: KvShape,
  options: LoadModelOptions,
): Promise<ModelWeights> {
  await backend.reserve?.(memoryPlan(plan.tensors, cache));
  const weights = arrangeWeights(await uploadAll(checkpoint, plan, backend, options), plan.config.numLayers);
  await backend.tune?.({ ...weights, normEps: plan.config.normEps });
  return weights;
}

/** The weights of a plan once more. @throws RealizarError `changed-while-reading` where the checkpoint is another one by now */
async function loadAgain(plan: ModelPlan, cache: KvShape, reopen: Reopen): Promise<LoadedWeights> {
  const checkpoint = await reopen.checkpoint();
  try {
    const again = await planModel(checkpoint);
    if (describe(again) !== describe(plan))
      throw new RealizarError('changed-while-reading', `${checkpoint.name} is another model by now: load it again`);
    const backend = await reopen.backend();
    try {
      return { backend, weights: await loadWeights(checkpoint, again, backend, cache, {}) };
    } catch (error) {
      await backend.dispose();
      throw error;
    }
  } finally {
    await checkpoint.close();
  }
}

const describe = ({ config, tensors }: ModelPlan): string =>
  JSON.stringify([config, tensors.map(({ name, dtype, shape }) => [name, dtype, shape])]);

async function uploadAll(
  checkpoint: Checkpoint,
  plan: ModelPlan,
  backend: Backend,
  options: LoadModelOptions,
): Promise<Map<string, Tensor>> {
  const uploaded = new Map<string, Tensor>();
  const totalBytes = sum(plan.tensors.map(({ byteLength }) => byteLength));
  let loadedBytes = 0;
  const underway: { readonly tensor: TensorInfo; readonly upload: Promise<Tensor> }[] = [];
  const endFirst = async () => {
    const { tensor, upload } = underway[0]!;
    uploaded.set(tensor.name, await upload);
    underway.shift();
    loadedBytes += tensor.byteLength;
    options.onProgress?.({ loadedBytes, totalBytes, tensor: tensor.name });
  };
  try {
    for (const tensor of plan.tensors) {
      if (underway.length === (backend.info.uploadsInFlight ?? 1)) await endFirst();
      if (options.signal?.aborted) throw aborted(checkpoint, options.signal);
      const upload = backend.upload(sourceOf(checkpoint, tensor));
      upload.catch(() => {}); // told when its turn comes
      underway.push({ tensor, upload });
    }
    while (underway.length > 0) {
      await endFirst();
      if (underway.length > 0 && options.signal?.aborted) throw aborted(checkpoint, options.signal);
    }
    return uploaded;
  } finally {
    // Threads may be reading a file that the caller is about to close.
    await Promise.allSettled(underway.map(({ upload }) => upload));
  }
}

const aborted = (checkpoint: Checkpoint, signal: AbortSignal) =>
  new RealizarError('aborted', `loading ${checkpoint.name} was cancelled`, { cause: signal.reason });

const sourceOf = (checkpoint: Checkpoint, tensor: TensorInfo): WeightSource => ({
  name: tensor.name,
  dtype: tensor.dtype,
  shape: tensor.shape,
  byteLength: tensor.byteLength,
  read: (start, end, into) =>
    checkpoint.read(tensor, start, end, into).catch((error: unknown) => {
      throw about(tensor, error);
    }),
  locate: () => checkpoint.locate?.(tensor),
});

/** An error of reading, with the tensor's name. */
function about({ name }: TensorInfo, error: unknown): unknown {
  if (!(error instanceof RealizarError) || error.field !== undefined) return error;
  const { code, message, offset } = error;
  return new RealizarError(code, `${message} (while reading ${name})`, {
    field: name,
    cause: error,
    ...(offset === undefined ? {} : { offset }),
  });
}

// A divisor for each pair of a head; more is refused before it is read.
const MAX_ROPE_DIVISORS = 2 ** 13;

async function ropeDivisors(checkpoint: Checkpoint): Promise<Float32Array | undefined> {
  const tensor = checkpoint.tensors.get(ROPE_DIVISORS);
  if (tensor === undefined) return undefined;
  const length = countOf(tensor.shape);
  if (tensor.shape.length !== 1 || length > MAX_ROPE_DIVISORS) {
    throw new RealizarError(
      'shape-mismatch',
      `${ROPE_DIVISORS} is [${tensor.shape.join(', ')}] and has to be a vector of half a head`,
      { field: ROPE_DIVISORS },
    );
  }
  const divisors = new Float32Array(length);
  formats[tensor.dtype].decode(await checkpoint.read(tensor), divisors);
  return divisors;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
