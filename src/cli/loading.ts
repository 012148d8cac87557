import type { EngineApi, LoadOptions } from '../engine/engine-api.ts';
import { loadEngine } from '../load.ts';

/** Loads a model with a progress bar on the terminal; silent where standard error is not one. */
export async function loadWithProgress(path: string, options: LoadOptions = {}): Promise<EngineApi> {
  if (!process.stderr.isTTY) return loadEngine(path, options);

  const { progress } = await import('@clack/prompts');
  const bar = progress({ max: 100, output: process.stderr, indicator: 'timer' });
  bar.start(`Loading ${path}`);
  let shown = 0;
  try {
    const engine = await loadEngine(path, {
      ...options,
      onProgress: ({ loadedBytes, totalBytes }) => {
        const percent = Math.floor((100 * loadedBytes) / totalBytes);
        bar.advance(percent - shown, `Loading ${path} · ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}`);
        shown = percent;
      },
    });
    bar.stop(`${engine.modelId} · ${engine.backend.name} (${engine.backend.mode}, ${engine.backend.threads} threads)`);
    return engine;
  } catch (error) {
    bar.error('Could not load the model');
    throw error;
  }
}

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
