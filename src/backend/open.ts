import type { Backend, BackendName } from './backend.ts';
import type { KernelSetName } from './wasm/probe.ts';

export interface BackendOptions {
  /** Default: the physical cores. `reference` has one. */
  readonly threads?: number | undefined;
  /** Kernel set of `wasm`, by name; default: what the probe finds. */
  readonly kernelSet?: string | undefined;
}

/**
 * Opens a backend by name. Its code is loaded only when it is asked for.
 * @throws RealizarError `backend-unavailable`, also for kernels that this machine does not run
 */
export async function openBackend(name: BackendName, options: BackendOptions = {}): Promise<Backend> {
  if (name === 'reference') {
    const { createReferenceBackend } = await import('./reference/reference-backend.ts');
    return createReferenceBackend();
  }
  const { createWasmBackend } = await import('./wasm/wasm-backend.ts');
  // Any name may come in: the backend compares it with those it has.
  return createWasmBackend({ threads: options.threads, kernelSet: options.kernelSet as KernelSetName | undefined });
}
