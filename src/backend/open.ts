import { RealizarError } from '../errors.ts';
import type { AutotuneMode, Backend, BackendChoice, BackendName } from './backend.ts';
import type { KernelSetName } from './wasm/probe.ts';

export interface BackendOptions {
  /** Default: the physical cores. `reference` has one. */
  readonly threads?: number | undefined;
  /** Part of the name of the GPU to take; with `auto`, it has to be that one. */
  readonly device?: string | undefined;
  /** Whether kernels are timed on the weights; `webgpu`. Default: where nothing is known yet. */
  readonly autotune?: AutotuneMode | undefined;
  /** Let V8 fuse vectors, for the whole process; `wasm` in Node. */
  readonly wideVectors?: boolean | undefined;
  /** Kernel set of `wasm`, by name; default: what the probe finds. */
  readonly kernelSet?: string | undefined;
}

/** Whether this machine has a backend, and why, or why not, `auto` would take it. */
export interface BackendReport {
  readonly name: BackendName;
  readonly isAvailable: boolean;
  /** Whether `auto` takes it. */
  readonly isChosen: boolean;
  /** In a line: the device, or what is missing and how to get it. */
  readonly detail: string;
}

/**
 * Opens a backend by name, or the best that this machine has. Its code is loaded only when it is asked for.
 * @throws RealizarError `backend-unavailable`, also for kernels that this machine does not run
 */
export async function openBackend(name: BackendChoice, options: BackendOptions = {}): Promise<Backend> {
  if (name === 'auto') return openBest(options);
  if (name === 'webgpu') return openWebgpu(options);
  if (name === 'wasm') return openWasm(options);
  if (name === 'webgl') {
    throw new RealizarError('backend-unavailable', 'the webgl backend is for pages; use webgpu or wasm', {
      field: 'backend',
    });
  }
  const { createReferenceBackend } = await import('./reference/reference-backend.ts');
  return createReferenceBackend();
}

/** What this machine has, the best first. Opens nothing that stays open. */
export async function describeBackends(options: BackendOptions = {}): Promise<readonly BackendReport[]> {
  const { findGpu } = await import('./webgpu/find-gpu.node.ts');
  const gpu = await findGpu(options.device);
  const takesGpu = gpu.isReal || (options.device !== undefined && gpu.adapter !== undefined);
  const { chooseKernels } = await import('./wasm/probe.ts');
  const { name: kernels } = await chooseKernels(options.kernelSet as KernelSetName | undefined);
  return [
    { name: 'webgpu', isAvailable: gpu.adapter !== undefined, isChosen: takesGpu, detail: gpu.detail },
    { name: 'wasm', isAvailable: true, isChosen: !takesGpu, detail: `CPU kernels ${kernels}` },
    { name: 'reference', isAvailable: true, isChosen: false, detail: 'plain float64 loops; slow, for comparisons' },
  ];
}

async function openBest(options: BackendOptions): Promise<Backend> {
  if (options.device !== undefined) return openWebgpu(options);
  const { mayHaveGpu } = await import('./webgpu/gpu-hardware.node.ts');
  if (!mayHaveGpu()) return openWasm(options);
  const { findGpu } = await import('./webgpu/find-gpu.node.ts');
  const { isReal } = await findGpu();
  return isReal ? openWebgpu(options).catch(() => openWasm(options)) : openWasm(options);
}

async function openWebgpu({ device, autotune }: BackendOptions): Promise<Backend> {
  const { requireDawn } = await import('./webgpu/dawn.node.ts');
  const { createWebgpuBackend } = await import('./webgpu/open-webgpu.ts');
  const { tuningFile } = await import('./webgpu/autotune/tuning-file.node.ts');
  return createWebgpuBackend({ source: await requireDawn(), device, autotune, tuningStore: tuningFile() });
}

async function openWasm({ threads, kernelSet, wideVectors }: BackendOptions): Promise<Backend> {
  const { createWasmBackend } = await import('./wasm/wasm-backend.ts');
  // Any name may come in: the backend compares it with those it has.
  return createWasmBackend({ threads, wideVectors, kernelSet: kernelSet as KernelSetName | undefined });
}
