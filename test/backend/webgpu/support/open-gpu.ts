import { afterAll, beforeAll, describe } from 'vitest';
import { openDawn, requireDawn } from '../../../../src/backend/webgpu/dawn.node.ts';
import { openDevice } from '../../../../src/backend/webgpu/device.ts';
import { Gpu } from '../../../../src/backend/webgpu/gpu.ts';

/** Why there is no GPU here, or undefined. */
export const gpuMissing: string | undefined = await whyMissing();

async function whyMissing(): Promise<string | undefined> {
  const dawn = await openDawn();
  if ('missing' in dawn) return dawn.missing;
  return (await dawn.gpu.requestAdapter()) ? undefined : 'WebGPU finds no adapter';
}

/** A device of its own; destroy it when done. */
export async function openGpu(): Promise<Gpu> {
  const { device, facts } = await openDevice(await requireDawn());
  return new Gpu(device, facts);
}

/** `describe` for tests that need a GPU, if only a software one: skipped with a reason, failed where it is required. */
export function describeWithGpu(name: string, body: (gpu: () => Gpu) => void): void {
  if (gpuMissing !== undefined && process.env['REQUIRE_MODELS'] === '1') {
    throw new Error(`REQUIRE_MODELS=1, but there is no GPU: ${gpuMissing}`);
  }
  if (gpuMissing !== undefined) console.warn(`skipped: ${name}: ${gpuMissing}`);
  describe.skipIf(gpuMissing !== undefined)(name, () => {
    let gpu: Gpu | undefined;
    beforeAll(async () => {
      gpu = await openGpu();
    });
    afterAll(() => {
      gpu?.health.dispose();
      gpu?.device.destroy();
    });
    body(() => gpu!);
  });
}

/** Copies f32 numbers out of a buffer. @throws what went wrong on the device before */
export async function readBack(gpu: Gpu, buffer: GPUBuffer, count: number): Promise<Float32Array> {
  const staging = gpu.device.createBuffer({ size: 4 * count, usage: 0x9 });
  gpu.copy(buffer, 0, staging, 0, 4 * count);
  gpu.submit();
  await gpu.health.settled();
  await gpu.health.race(staging.mapAsync(1));
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

/** A storage buffer that holds these bytes. */
export function bufferOf(gpu: Gpu, data: ArrayBufferView<ArrayBuffer>): GPUBuffer {
  const buffer = gpu.allocate(data.byteLength, 'test data');
  gpu.write(buffer, 0, data);
  return buffer;
}
