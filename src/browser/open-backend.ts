import type { Backend, BackendChoice } from '../backend/backend.ts';
import type { KernelSetName } from '../backend/wasm/probe.ts';
import { RealizarError } from '../errors.ts';

export interface BrowserBackendOptions {
  /** Default: the machine's cores; 1 in a page that is not cross-origin isolated. */
  readonly threads?: number | undefined;
  readonly kernelSet?: string | undefined;
}

/**
 * Opens a backend by name, or the best that this browser has. Its code is loaded only when it is asked for.
 * @throws RealizarError `backend-unavailable`
 */
export async function openBackend(choice: BackendChoice, options: BrowserBackendOptions = {}): Promise<Backend> {
  if (choice === 'auto' || choice === 'wasm') return openWasm(options);
  throw new RealizarError('backend-unavailable', `there is no ${choice} backend for pages; use wasm`, {
    field: 'backend',
  });
}

async function openWasm({ threads, kernelSet }: BrowserBackendOptions): Promise<Backend> {
  const { createWasmBackend } = await import('../backend/wasm/wasm-backend.ts');
  // Any name may come in: the backend compares it with those it has.
  return createWasmBackend({ threads, kernelSet: kernelSet as KernelSetName | undefined });
}
