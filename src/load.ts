import { openAhead, type OpenAhead } from './backend/open-ahead.ts';
import { openBackend } from './backend/open.ts';
import { httpSource } from './checkpoint/byte-source.http.ts';
import { blobSource, memorySource } from './checkpoint/byte-source.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import { lentCheckpoint } from './checkpoint/lent-checkpoint.ts';
import type { LoadOptions } from './engine/engine-api.ts';
import type { Engine } from './engine/engine.ts';
import { openGguf } from './gguf/index.ts';
import { checkOptions, startEngine } from './start-engine.ts';
import { startOnBest } from './start-on-best.ts';

/**
 * A GGUF file, the first file of a split one, or a Hugging Face folder, by its path or `file:` URL; a GGUF file behind an
 * `http(s):` URL, read by ranges; one in memory or in a Blob; or a checkpoint opened before, which stays open: keep it so where
 * the backend is a GPU, because one that is lost has to be given the weights again.
 */
export type ModelSource = string | URL | Blob | Uint8Array | Checkpoint;

/**
 * Loads a model and makes it ready to run.
 *
 * @throws RealizarError what is wrong with the file, by tensor or key; `file-not-found`, `unknown-architecture`, `out-of-memory`,
 *   `aborted` and others of `ErrorCode`
 */
export async function loadEngine(source: ModelSource, options: LoadOptions = {}): Promise<Engine> {
  checkOptions(options);
  const backends = openAhead(() => openBackend(options.backend ?? 'auto', options));
  try {
    if (isCheckpoint(source)) return await startOn(source, async () => lentCheckpoint(source), backends, options);
    const checkpoint = await openModel(source);
    try {
      return await startOn(checkpoint, () => openModel(source), backends, options);
    } finally {
      await checkpoint.close();
    }
  } finally {
    await backends.dispose();
  }
}

function startOn(
  checkpoint: Checkpoint,
  reopened: () => Promise<Checkpoint>,
  backends: OpenAhead,
  options: LoadOptions,
): Promise<Engine> {
  const isOurChoice = (options.backend ?? 'auto') === 'auto' && options.device === undefined;
  const best = () => backends.open();
  if (!isOurChoice) return startEngine(checkpoint, { backend: best, checkpoint: reopened }, options);
  return startOnBest(checkpoint, { best, cpu: () => openBackend('wasm', options), checkpoint: reopened }, options);
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
