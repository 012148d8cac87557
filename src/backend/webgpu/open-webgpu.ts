import { RealizarError } from '../../errors.ts';
import type { Backend } from '../backend.ts';
import { tuningDatabase } from './autotune/tuning-database.ts';
import { deviceFacts } from './device-facts.ts';
import { type GpuSource, openDevice, type OpenedDevice } from './device.ts';
import { WebgpuBackend, type WebgpuBackendOptions } from './webgpu-backend.ts';

export interface WebgpuOptions extends Omit<WebgpuBackendOptions, 'opened'> {
  /** Part of the name of the GPU to take; the system's choice unless given. */
  readonly device?: string | undefined;
  /** Where adapters come from; `navigator.gpu` unless given. In Node, `openDawn` has one. */
  readonly source?: GpuSource | undefined;
  /** Takes this device instead of asking for one: for tests that destroy it. */
  readonly requestDevice?: (() => Promise<GPUDevice>) | undefined;
}

/**
 * The GPU backend. Imports nothing that a page could not load. Keeps what it finds out in the page's IndexedDB, where there is one,
 * unless `tuningStore` is given.
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
