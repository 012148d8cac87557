import type { Backend, BackendName } from './backend/backend.ts';
import type { Checkpoint } from './checkpoint/checkpoint.ts';
import type { LoadOptions } from './engine/engine-api.ts';
import type { Engine } from './engine/engine.ts';
import { type ErrorCode, RealizarError } from './errors.ts';
import { startEngine } from './start-engine.ts';

/** Where a model may run. */
export interface BackendsByRank {
  /** The best that there is. */
  readonly best: () => Promise<Backend>;
  /** The one that always works. */
  readonly cpu: () => Promise<Backend>;
  /** Opens the checkpoint again when a device is lost. */
  readonly checkpoint: () => Promise<Checkpoint>;
}

/** What tells that a GPU is not for this model. */
const REASONS: readonly ErrorCode[] = ['out-of-memory', 'device-lost'];

/**
 * Brings a checkpoint to life where the choice is ours: a model that a GPU has no room for, or is lost over, runs on the CPU, and
 * a warning says why.
 * @throws RealizarError as `startEngine`
 */
export async function startOnBest(
  checkpoint: Checkpoint,
  { best, cpu, checkpoint: reopened }: BackendsByRank,
  options: LoadOptions,
): Promise<Engine> {
  let taken: BackendName | undefined;
  const backend = async () => {
    const opened = await best();
    taken = opened.info.name;
    return opened;
  };
  try {
    return await startEngine(checkpoint, { backend, checkpoint: reopened }, options);
  } catch (error) {
    const isOfGpu = error instanceof RealizarError && REASONS.includes(error.code) && taken !== 'wasm';
    if (!isOfGpu || options.signal?.aborted) throw error;
    console.warn(`${checkpoint.name} runs on the CPU, because its GPU failed: ${error.message}`);
    return startEngine(checkpoint, { backend: cpu, checkpoint: reopened }, options);
  }
}
