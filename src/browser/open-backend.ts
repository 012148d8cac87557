import type { AutotuneMode, Backend, BackendChoice } from '../backend/backend.ts';
import type { KernelSetName } from '../backend/wasm/probe.ts';
import { RealizarError } from '../errors.ts';

export interface BrowserBackendOptions {
  /** Default: the machine's cores; 1 in a page that is not cross-origin isolated. */
  readonly threads?: number | undefined;
  readonly kernelSet?: string | undefined;
  /** Whether kernels are timed on the weights; `webgpu`. Default: where nothing is known yet. */
  readonly autotune?: AutotuneMode | undefined;
}

/**
 * Opens a backend by name, or the best that this browser has. Its code is loaded only when it is asked for.
 * @throws RealizarError `backend-unavailable`
 */
export async function openBackend(choice: BackendChoice, options: BrowserBackendOptions = {}): Promise<Backend> {
  switch (choice) {
    case 'auto':
      return openBest(options);
    case 'webgpu':
      return openWebgpu(options);
    case 'wasm':
      return openWasm(options);
    case 'webgl':
      return openWebgl();
    default:
      throw new RealizarError(
        'backend-unavailable',
        `there is no ${choice} backend for pages; use webgpu, wasm or webgl`,
        {
          field: 'backend',
        },
      );
  }
}

/** A GPU, unless it is a program that plays one, which is slower than the CPU's own kernels. */
async function openBest(options: BrowserBackendOptions): Promise<Backend> {
  const adapter = await globalThis.navigator.gpu?.requestAdapter().catch(() => null);
  const { isSoftware } = await import('../backend/webgpu/adapter-info.ts');
  const gpu = adapter && !isSoftware(adapter.info) ? await unlessUnavailable(() => openWebgpu(options)) : undefined;
  if (gpu) return gpu;
  const hasThreads = typeof SharedArrayBuffer !== 'undefined';
  return hasThreads ? openWasm(options) : openFaster(options);
}

/** Without threads, WebGL may be the faster one: it is asked, and not believed. */
async function openFaster(options: BrowserBackendOptions): Promise<Backend> {
  const wasm = await openWasm(options);
  const webgl = hasFastWebgl() ? await unlessUnavailable(openWebgl) : undefined;
  if (!webgl) return wasm;
  const { productTime } = await import('./product-time.ts');
  const faster = (await productTime(webgl)) < (await productTime(wasm)) ? webgl : wasm;
  await (faster === webgl ? wasm : webgl).dispose();
  return faster;
}

/** Before gpu.js is fetched: a browser that draws with the CPU says so. */
function hasFastWebgl(): boolean {
  if (typeof OffscreenCanvas === 'undefined') return false;
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return gl !== null;
}

async function unlessUnavailable(open: () => Promise<Backend>): Promise<Backend | undefined> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof RealizarError && error.code === 'backend-unavailable') return undefined;
    throw error;
  }
}

async function openWebgpu({ autotune }: BrowserBackendOptions): Promise<Backend> {
  const { createWebgpuBackend } = await import('../backend/webgpu/open-webgpu.ts');
  return createWebgpuBackend({ autotune });
}

async function openWebgl(): Promise<Backend> {
  const { createWebglBackend } = await import('../backend/webgl/webgl-backend.ts');
  return createWebglBackend();
}

async function openWasm({ threads, kernelSet }: BrowserBackendOptions): Promise<Backend> {
  const { createWasmBackend } = await import('../backend/wasm/wasm-backend.ts');
  // Any name may come in: the backend compares it with those it has.
  return createWasmBackend({ threads, kernelSet: kernelSet as KernelSetName | undefined });
}
