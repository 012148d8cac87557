import type { Checkpoint } from '../../../../src/checkpoint/checkpoint.ts';
import type { Engine } from '../../../../src/engine/engine.ts';
import { requireDawn } from '../../../../src/backend/webgpu/dawn.node.ts';
import { openDevice } from '../../../../src/backend/webgpu/device.ts';
import { createWebgpuBackend } from '../../../../src/backend/webgpu/open-webgpu.ts';
import { openCheckpoint } from '../../../../src/open-checkpoint.node.ts';
import { startEngine } from '../../../../src/start-engine.ts';

/** How a device ends: when it is given work for the `step`-th time from now on, before or after it took the work; or after a while. */
export type Doom =
  | { readonly step: number; readonly when: 'before' | 'after' }
  | { readonly milliseconds: number; readonly when: 'later' };

/** A model on a device that can be doomed. Those that replace it live. */
export interface DoomedEngine {
  readonly engine: Engine;
  readonly doom: (how: Doom) => void;
  readonly devicesOpened: () => number;
}

/** @param whileLoading how the first devices end before the model is loaded */
export async function startDoomed(
  path: string,
  contextLength: number,
  whileLoading: readonly Doom[] = [],
): Promise<DoomedEngine> {
  const devices: GPUDevice[] = [];
  const requestDevice = async () => {
    const { device } = await openDevice(await requireDawn());
    const how = whileLoading[devices.length];
    if (how) doomDevice(device, how);
    devices.push(device);
    return device;
  };
  const backend = () => createWebgpuBackend({ requestDevice });
  const open = (): Promise<Checkpoint> => openCheckpoint(path);
  const checkpoint = await open();
  try {
    const engine = await startEngine(checkpoint, { backend, checkpoint: open }, { contextLength });
    return { engine, doom: (how) => doomDevice(devices[0]!, how), devicesOpened: () => devices.length };
  } finally {
    await checkpoint.close();
  }
}

function doomDevice(device: GPUDevice, how: Doom): void {
  if (how.when === 'later') {
    setTimeout(() => device.destroy(), how.milliseconds);
    return;
  }
  const { queue } = device;
  const submit = queue.submit.bind(queue);
  let submits = 0;
  queue.submit = (commands) => {
    submits++;
    if (submits === how.step && how.when === 'before') device.destroy();
    submit(commands);
    if (submits === how.step && how.when === 'after') device.destroy();
  };
}
