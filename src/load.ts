import { backendNames, kvDTypes } from './backend/backend.ts';
import { openBackend } from './backend/open.ts';
import { httpSource } from './checkpoint/byte-source.http.ts';
import { blobSource, memorySource } from './checkpoint/byte-source.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import type { LoadOptions } from './engine/engine-api.ts';
import { Engine } from './engine/engine.ts';
import { RealizarError } from './errors.ts';
import { openGguf } from './gguf/index.ts';
import { loadModel, planModel } from './model/load-model.ts';
import { chatTemplateOf } from './tokenizer/chat-template-source.ts';
import { tokenizerOf } from './tokenizer/from-checkpoint.ts';

/**
 * A GGUF file, the first file of a split one, or a Hugging Face folder, by its path or `file:` URL; a GGUF file behind an
 * `http(s):` URL, read by ranges; one in memory or in a Blob; or a checkpoint opened before, which stays open.
 */
export type ModelSource = string | URL | Blob | Uint8Array | Checkpoint;

// A step of more sequences or longer chunks gains nothing more, and its activations would not fit.
const MAX_SEQUENCES = 256;
const MAX_CHUNK = 8192;
const MAX_THREADS = 256;
const MAX_CONTEXT = 2 ** 27;

const DEFAULT_SEQUENCES = 8;
// Large enough to use each weight many times, small enough that a long prompt holds up running answers, and cancelling, only briefly.
const DEFAULT_CHUNK = 64;

/**
 * Loads a model and makes it ready to run.
 *
 * @throws RealizarError what is wrong with the file, by tensor or key; `file-not-found`, `unknown-architecture`, `out-of-memory`,
 *   `aborted` and others of `ErrorCode`
 */
export async function loadEngine(source: ModelSource, options: LoadOptions = {}): Promise<Engine> {
  checkOptions(options);
  if (isCheckpoint(source)) return engineOf(source, options);
  const checkpoint = await openModel(source);
  try {
    return await engineOf(checkpoint, options);
  } finally {
    await checkpoint.close();
  }
}

async function engineOf(checkpoint: Checkpoint, options: LoadOptions): Promise<Engine> {
  // What is small comes first: a model that cannot run, or whose tokenizer cannot be used, is refused before its weights are read.
  await planModel(checkpoint);
  const tokenizer = tokenizerOf(checkpoint);
  const chatTemplate = chatTemplateOf(checkpoint, tokenizer);
  const backend = await openBackend(options.backend ?? 'auto', options);
  const model = await loadModel(checkpoint, backend, options);
  return new Engine({
    modelId: options.modelId ?? checkpoint.name,
    model,
    tokenizer,
    chatTemplate,
    maxSequences: options.maxSequences ?? DEFAULT_SEQUENCES,
    chunkSize: options.chunkSize ?? DEFAULT_CHUNK,
  });
}

async function openModel(source: string | URL | Blob | Uint8Array): Promise<Checkpoint> {
  if (source instanceof Uint8Array) return openGguf(memorySource(source));
  if (source instanceof Blob) return openGguf(blobSource(source));
  const address = String(source);
  if (/^https?:\/\//i.test(address)) return openGguf(await httpSource(address));
  const { openCheckpoint } = await import('./open-checkpoint.node.ts');
  return openCheckpoint(/^file:/i.test(address) ? pathOf(new URL(address)) : address);
}

/** Windows paths are `/C:/…` in a URL. */
const pathOf = (url: URL): string => decodeURIComponent(url.pathname).replace(/^\/(?=[A-Za-z]:)/, '');

function isCheckpoint(source: ModelSource): source is Checkpoint {
  return typeof source === 'object' && 'tensors' in source && 'metadata' in source;
}

function checkOptions(options: LoadOptions): void {
  checkOneOf('backend', options.backend, ['auto', ...backendNames]);
  checkOneOf('kvCacheType', options.kvCacheType, kvDTypes);
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
  throw new RealizarError(
    'invalid-argument',
    `${field} is ${String(value)} and has to be one of ${choices.join(', ')}`,
    {
      field,
    },
  );
}
