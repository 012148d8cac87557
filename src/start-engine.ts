import { autotuneModes, backendNames, kvDTypes } from './backend/backend.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import type { LoadOptions } from './engine/engine-api.ts';
import { Engine } from './engine/engine.ts';
import { RealizarError } from './errors.ts';
import { loadModel, planModel, type Reopen } from './model/load-model.ts';
import { chatTemplateOf } from './tokenizer/chat-template-source.ts';
import { tokenizerOf } from './tokenizer/from-checkpoint.ts';

// A step of more sequences or longer chunks gains nothing more, and its activations would not fit.
const MAX_SEQUENCES = 256;
const MAX_CHUNK = 8192;
const MAX_THREADS = 256;
const MAX_CONTEXT = 2 ** 27;

const DEFAULT_SEQUENCES = 8;
// Large enough to use each weight many times, small enough that a long prompt holds up running answers, and cancelling, only briefly.
const DEFAULT_CHUNK = 64;
// A GPU is that much faster, and only many rows keep all of it busy.
const DEFAULT_GPU_CHUNK = 512;

/**
 * Brings an open checkpoint to life on a backend: what all doors share, whatever they open and wherever they compute.
 *
 * @param reopen opens the backend, and opens both again when a device is lost
 * @throws RealizarError as `loadEngine`
 */
export async function startEngine(checkpoint: Checkpoint, reopen: Reopen, options: LoadOptions): Promise<Engine> {
  const plan = await planModel(checkpoint); // a model that cannot run is refused before anything of it is read
  const backend = await reopen.backend();
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, ...(options.signal ? [options.signal] : [])]);
  const loading = loadModel(checkpoint, backend, { ...options, signal, reopen, plan });
  loading.catch(() => {}); // told below
  try {
    // The backend's threads have weights to read by then: a large vocabulary is built meanwhile.
    await new Promise((resume) => setTimeout(resume, 0));
    const tokenizer = tokenizerOf(checkpoint);
    const chatTemplate = chatTemplateOf(checkpoint, tokenizer);
    const model = await loading;
    const defaultChunk = model.backend.info.name === 'webgpu' ? DEFAULT_GPU_CHUNK : DEFAULT_CHUNK;
    return new Engine({
      modelId: options.modelId ?? checkpoint.name,
      model,
      tokenizer,
      chatTemplate,
      maxSequences: options.maxSequences ?? DEFAULT_SEQUENCES,
      chunkSize: options.chunkSize ?? defaultChunk,
    });
  } catch (error) {
    stop.abort(error);
    await loading.then((model) => model.dispose()).catch(() => {});
    throw error;
  }
}

/** @throws RealizarError `invalid-argument`, naming the option */
export function checkOptions(options: LoadOptions): void {
  checkOneOf('backend', options.backend, ['auto', ...backendNames]);
  checkOneOf('kvCacheType', options.kvCacheType, kvDTypes);
  checkOneOf('autotune', options.autotune, autotuneModes);
  const checkCount = (field: 'contextLength' | 'maxSequences' | 'chunkSize' | 'threads', max: number) => {
    const value = options[field];
    if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= max)) return;
    throw new RealizarError(
      'invalid-argument',
      `${field} is ${String(value)} and has to be a whole number from 1 to ${max}`,
      { field },
    );
  };
  checkCount('contextLength', MAX_CONTEXT);
  checkCount('maxSequences', MAX_SEQUENCES);
  checkCount('chunkSize', MAX_CHUNK);
  checkCount('threads', MAX_THREADS);
}

function checkOneOf(field: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new RealizarError('invalid-argument', `${field} is ${value} and has to be one of ${choices.join(', ')}`, {
    field,
  });
}
