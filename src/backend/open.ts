import type { Backend, BackendName } from './backend.ts';

export interface BackendOptions {
  /** Default: the physical cores. `reference` has one. */
  readonly threads?: number | undefined;
  /** Kernel set of `wasm`; default: what the probe finds. */
  readonly kernelSet?: string | undefined;
}

/**
 * Opens a backend by name. Its code is loaded only when it is asked for.
 * @throws RealizarError `backend-unavailable` | `invalid-argument`
 */
export async function openBackend(name: BackendName, options: BackendOptions = {}): Promise<Backend> {
  if (name === 'reference') {
    const { createReferenceBackend } = await import('./reference/reference-backend.ts');
    return createReferenceBackend();
  }
  const { createWasmBackend } = await import('./wasm/wasm-backend.ts');
  return createWasmBackend(options);
}
