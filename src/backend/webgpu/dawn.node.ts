import { RealizarError } from '../../errors.ts';
import type { GpuSource } from './device.ts';

interface Dawn {
  readonly create: (options: readonly string[]) => GPU;
}

/** Why there is no GPU in this Node process, or how to reach it. */
export type DawnResult = GpuSource | { readonly missing: string };

/**
 * Half floats are wanted where the hardware has them: Dawn hides them on NVIDIA by default. Everything else stays as a browser has
 * it: bounds are checked, memory is cleared.
 */
const OPTIONS = ['enable-dawn-features=vulkan_enable_f16_on_nvidia', 'disable-dawn-features=timestamp_quantization'];

// Devices must not outlive the instance they came from: a process whose instance was collected first crashes when it ends.
const instances = new Map<string, GPU>();

/** The optional package `webgpu` (Dawn, Chrome's own WebGPU). Never throws: without it there is just no GPU. */
export async function openDawn(
  load: () => Promise<unknown> = () => import('webgpu'),
  options: readonly string[] = OPTIONS,
): Promise<DawnResult> {
  let dawn: Dawn;
  try {
    dawn = (await load()) as Dawn;
  } catch (cause) {
    const isAbsent = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
    return {
      missing: isAbsent
        ? 'the optional package webgpu is not installed; add it with: npm i webgpu'
        : `the package webgpu does not start on this machine: ${(cause as Error).message}`,
    };
  }
  try {
    return { gpu: instanceOf(dawn, options), named: (part) => adapterNamed(dawn, options, part), isPolled: true };
  } catch (cause) {
    return { missing: `the package webgpu does not start on this machine: ${(cause as Error).message}` };
  }
}

function instanceOf(dawn: Dawn, options: readonly string[]): GPU {
  const key = options.join(' ');
  const gpu = instances.get(key) ?? dawn.create(options);
  instances.set(key, gpu);
  return gpu;
}

/** Dawn takes names as they are written; its refusal lists them, `name: '…'` each. */
async function adapterNamed(dawn: Dawn, options: readonly string[], part: string): Promise<GPUAdapter | null> {
  const request = (name: string) => instanceOf(dawn, [...options, `adapter=${name}`]).requestAdapter();
  try {
    return await request(part);
  } catch (refusal) {
    const names = [...(refusal as Error).message.matchAll(/name: '([^']*)'/g)].map(([, name]) => name!);
    const full = names.find((name) => name.toLowerCase().includes(part.toLowerCase()));
    return full === undefined ? null : request(full);
  }
}

/** @throws RealizarError `backend-unavailable`, saying how to add what is missing */
export async function requireDawn(): Promise<GpuSource> {
  const dawn = await openDawn();
  if (!('missing' in dawn)) return dawn;
  throw new RealizarError('backend-unavailable', `WebGPU cannot be used: ${dawn.missing}`, { field: 'backend' });
}
