import { requireDawn } from '../../src/backend/webgpu/dawn.node.ts';
import { openDevice } from '../../src/backend/webgpu/device.ts';
import { Gpu } from '../../src/backend/webgpu/gpu.ts';

/** A GPU to measure. */
export async function openGpu(name: string | undefined): Promise<Gpu> {
  const { device, facts } = await openDevice(await requireDawn(), name);
  return new Gpu(device, facts);
}

/** A compute pipeline from WGSL that belongs to a benchmark alone. */
export function pipelineOf(gpu: Gpu, code: string): GPUComputePipeline {
  const module = gpu.device.createShaderModule({ code });
  return gpu.device.createComputePipeline({ layout: 'auto', compute: { module } });
}

export const bind = (gpu: Gpu, pipeline: GPUComputePipeline, buffers: readonly GPUBuffer[]): GPUBindGroup =>
  gpu.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });

/** Milliseconds until the device has done what `record` records in one pass. */
export async function timePass(gpu: Gpu, record: (pass: GPUComputePassEncoder) => void): Promise<number> {
  const { device } = gpu;
  await device.queue.onSubmittedWorkDone();
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  record(pass);
  pass.end();
  const commands = encoder.finish();
  const start = performance.now();
  device.queue.submit([commands]);
  await device.queue.onSubmittedWorkDone();
  const elapsed = performance.now() - start;
  await gpu.health.settled();
  return elapsed;
}

/** The shortest of some tries: everything that disturbs makes it longer. */
export async function shortest(tries: number, measure: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < tries; i++) best = Math.min(best, await measure());
  return best;
}

export const roundToBytes = (bytes: number, step: number): number => Math.max(step, Math.floor(bytes / step) * step);
