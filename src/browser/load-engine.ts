import type { BackendChoice } from '../backend/backend.ts';
import type { LoadOptions, LoadProgress } from '../engine/engine-api.ts';
import type { Engine } from '../engine/engine.ts';
import { RealizarError } from '../errors.ts';
import { checkOptions, startEngine } from '../start-engine.ts';
import { startOnBest } from '../start-on-best.ts';
import { openBackend } from './open-backend.ts';
import { openModel, type ModelSource } from './open-model.ts';

export interface BrowserLoadProgress extends LoadProgress {
  /** `download` comes first where a server sends whole files only; elsewhere weights are fetched while they are loaded. */
  readonly phase: 'download' | 'weights';
}

export interface BrowserLoadOptions extends Omit<LoadOptions, 'onProgress'> {
  readonly onProgress?: (progress: BrowserLoadProgress) => void;
}

/**
 * Loads a model in this thread: best in a worker, because kernels without threads of their own run where they are called.
 *
 * @throws RealizarError what is wrong with the file, by tensor or key; `file-not-found`, `io-failed`, `unknown-architecture`,
 *   `backend-unavailable`, `out-of-memory`, `aborted` and others of `ErrorCode`
 */
export async function loadEngine(source: ModelSource, options: BrowserLoadOptions = {}): Promise<Engine> {
  const { signal, onProgress, ...rest } = options;
  checkOptions(rest);
  try {
    const checkpoint = await openModel(source, {
      signal,
      onDownload: (progress) => onProgress?.({ ...progress, phase: 'download', tensor: '' }),
    });
    const open = (choice: BackendChoice) => () => openBackend(choice, options);
    const reopened = () => openModel(source);
    const settings: LoadOptions = {
      ...rest,
      ...(signal && { signal }),
      onProgress: (progress) => onProgress?.({ ...progress, phase: 'weights' }),
    };
    const choice = options.backend ?? 'auto';
    try {
      return choice === 'auto'
        ? await startOnBest(checkpoint, { best: open('auto'), cpu: open('wasm'), checkpoint: reopened }, settings)
        : await startEngine(checkpoint, { backend: open(choice), checkpoint: reopened }, settings);
    } finally {
      await checkpoint.close();
    }
  } catch (cause) {
    if (signal?.aborted) throw new RealizarError('aborted', 'loading the model was cancelled', { cause });
    throw cause;
  }
}
