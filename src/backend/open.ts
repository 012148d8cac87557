import type { Backend, BackendChoice } from './backend.ts';
import { RealizarError } from '../errors.ts';
import type { KernelSetName } from './wasm/probe.ts';

export interface BackendOptions {
  /** Default: the physical cores. `reference` has one. */
  readonly threads?: number | undefined;
  /** Part of the name of the GPU to take. */
  readonly device?: string | undefined;
  /** Kernel set of `wasm`, by name; default: what the probe finds. */
  readonly kernelSet?: string | undefined;
}

/**
 * Opens a backend by name, or the best that this machine has. Its code is loaded only when it is asked for.
 * @throws RealizarError `backend-unavailable`, also for kernels that this machine does not run
 */
export async function openBackend(name: BackendChoice, options: BackendOptions = {}): Promise<Backend> {
  if (name === 'reference') {
    const { createReferenceBackend } = await import('./reference/reference-backend.ts');
    return createReferenceBackend();
  }
  if (name === 'webgpu' || name === 'webgl')
    throw new RealizarError('backend-unavailable', `this version has no ${name} backend`, { field: 'backend' });
  const { createWasmBackend } = await import('./wasm/wasm-backend.ts');
  // Any name may come in: the backend compares it with those it has.
  return createWasmBackend({ threads: options.threads, kernelSet: options.kernelSet as KernelSetName | undefined });
}
