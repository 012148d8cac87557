import type { EngineApi, LoadOptions } from '../engine/engine-api.ts';
import { loadEngine } from '../load.ts';
import { progressBar } from './progress-bar.ts';

/** Loads a model with a progress bar on the terminal; silent where standard error is not one. */
export async function loadWithProgress(path: string, options: LoadOptions = {}): Promise<EngineApi> {
  if (!process.stderr.isTTY) return loadEngine(path, options);

  const bar = progressBar(process.stderr);
  bar.update(0, `Loading ${path}`);
  try {
    return await loadEngine(path, {
      ...options,
      onProgress: ({ loadedBytes, totalBytes }) =>
        bar.update(loadedBytes / totalBytes, `${megabytes(loadedBytes)} of ${megabytes(totalBytes)} · ${path}`),
    });
  } finally {
    bar.end();
  }
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
