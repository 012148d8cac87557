import type { DeviceFacts } from '../../../../src/backend/webgpu/device-facts.ts';
import { openDevice, type OpenedDevice } from '../../../../src/backend/webgpu/device.ts';

/** A device that compiles shaders and computes nothing, with all features that Dawn knows; it needs no GPU and no driver. */
export async function nullDevice(facts: Partial<DeviceFacts> = {}): Promise<OpenedDevice> {
  const { create } = (await import('webgpu')) as unknown as { create: (options: readonly string[]) => GPU };
  gpu ??= create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
  const opened = await openDevice({ gpu });
  return { device: opened.device, facts: { ...opened.facts, ...facts } };
}

// Devices must not outlive their instance.
let gpu: GPU | undefined;

/** Keeps the text of every shader that a device is given, by name. */
export function recordShaders(device: GPUDevice): ReadonlyMap<string, ReadonlySet<string>> {
  const texts = new Map<string, Set<string>>();
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) => {
    const known = texts.get(descriptor.label!) ?? new Set<string>();
    texts.set(descriptor.label!, known.add(descriptor.code));
    return create(descriptor);
  };
  return texts;
}
