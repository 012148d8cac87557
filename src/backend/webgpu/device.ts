import { RealizarError } from '../../errors.ts';
import { nameOf } from './adapter-info.ts';
import { deviceFacts, type DeviceFacts } from './device-facts.ts';

/** A device and what is known of it. */
export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly facts: DeviceFacts;
  /** See `GpuSource`. */
  readonly isPolled?: boolean | undefined;
}

/** Where adapters come from: a browser's `navigator.gpu`, or Dawn in Node. */
export interface GpuSource {
  readonly gpu: GPU;
  /** Finds an adapter by a part of its name, in any case; browsers show but one. */
  readonly named?: ((part: string) => Promise<GPUAdapter | null>) | undefined;
  /** Whether its promises are kept by a loop that looks for news all the time. */
  readonly isPolled?: boolean | undefined;
}

/** Used where they are there; none is required. */
const WANTED_FEATURES = [
  'shader-f16',
  'subgroups',
  'subgroup-size-control',
  'timestamp-query',
  'chromium-experimental-subgroup-matrix',
] as const;

/** The defaults are far below what devices have: a weight would be cut into many pieces. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxStorageBuffersPerShaderStage',
] as const;

/**
 * Opens a GPU with all that it offers.
 * @param name part of the name of the wanted device, in any case; the system's choice unless given
 * @throws RealizarError `backend-unavailable`
 */
export async function openDevice(source: GpuSource, name?: string): Promise<OpenedDevice> {
  const adapter = await requestAdapter(source, name);
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const requiredFeatures = WANTED_FEATURES.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[];
  try {
    const device = await adapter.requestDevice({ label: 'realizar', requiredFeatures, requiredLimits });
    return { device, facts: deviceFacts(source.gpu, adapter, device), isPolled: source.isPolled };
  } catch (cause) {
    throw new RealizarError('backend-unavailable', `${nameOf(adapter.info)} cannot be opened: ${String(cause)}`, {
      cause,
    });
  }
}

/** @throws RealizarError `backend-unavailable`, naming what there is */
export async function requestAdapter({ gpu, named }: GpuSource, name?: string): Promise<GPUAdapter> {
  const usual = await gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null);
  if (!usual) throw unavailable('no GPU was found that WebGPU can use');
  if (name === undefined || isNamed(usual, name)) return usual;
  const other = await named?.(name);
  if (other && isNamed(other, name)) return other;
  throw unavailable(`no GPU is named ${name}; WebGPU offers ${nameOf(usual.info)}`);
}

const isNamed = (adapter: GPUAdapter, part: string) => nameOf(adapter.info).toLowerCase().includes(part.toLowerCase());

const unavailable = (why: string) => new RealizarError('backend-unavailable', why);
