import { RealizarError } from '../../errors.ts';
import type { AutotuneMode, Backend, KvDType } from '../backend.ts';
import type { Limits } from './autotune/budget.ts';
import { tuningDatabase } from './autotune/tuning-database.ts';
import type { TuningStore } from './autotune/tuning-store.ts';
import { deviceFacts } from './device-facts.ts';
import { type GpuSource, openDevice, type OpenedDevice } from './device.ts';
import { WebgpuBackend } from './webgpu-backend.ts';

export interface WebgpuOptions {
  /** Part of the name of the GPU to take; the system's choice unless given. */
  readonly device?: string | undefined;
  readonly kvDType?: KvDType | undefined;
  /** Where adapters come from; `navigator.gpu` unless given. In Node, `openDawn` has one. */
  readonly source?: GpuSource | undefined;
  /** Takes this device instead of asking for one: for tests that destroy it. */
  readonly requestDevice?: (() => Promise<GPUDevice>) | undefined;
  /** Largest part of a weight in one buffer, in bytes: for tests of small devices. */
  readonly shardBytes?: number | undefined;
  /** `plain`: one simple kernel for each step of an op, slow and the same everywhere. */
  readonly kernels?: 'fused' | 'plain' | undefined;
  /** Whether kernels are compared with the host before they are used; default: on real GPUs. */
  readonly selfCheck?: boolean | undefined;
  /** Whether kernels are timed on the weights: where nothing is known yet, on real GPUs; never; or again, anywhere. Default: `on`. */
  readonly autotune?: AutotuneMode | undefined;
  /** Keeps what was found out. Default: the page's IndexedDB, where there is one. */
  readonly tuningStore?: TuningStore | undefined;
  /** What finding out may cost; for tests. */
  readonly tuningLimits?: Limits | undefined;
  /** Hears of kernels that are wrong here and were replaced. Default: `console.warn`. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The GPU backend. Imports nothing that a page could not load.
 * @throws RealizarError `backend-unavailable` | `out-of-memory`
 */
export async function createWebgpuBackend(options: WebgpuOptions = {}): Promise<Backend> {
  return new WebgpuBackend({ opened: await opened(options), tuningStore: tuningDatabase(), ...options });
}

async function opened({ requestDevice, source = pageSource(), device: name }: WebgpuOptions): Promise<OpenedDevice> {
  if (requestDevice === undefined) return openDevice(requireSource(source), name);
  const device = await requestDevice();
  return { device, facts: deviceFacts(source?.gpu, undefined, device) };
}

/** What a page has; undefined in browsers without WebGPU, in pages that are no secure context, and in Node. */
export function pageSource(): GpuSource | undefined {
  const gpu = (globalThis.navigator as Partial<Navigator> | undefined)?.gpu;
  return gpu && { gpu };
}

function requireSource(source: GpuSource | undefined): GpuSource {
  if (source) return source;
  throw new RealizarError(
    'backend-unavailable',
    'this browser has no WebGPU, or the page is no secure context (https)',
  );
}
