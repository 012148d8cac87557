import { asWeight, type GpuWeight } from '../../../../src/backend/webgpu/gpu-tensor.ts';
import type { Gpu } from '../../../../src/backend/webgpu/gpu.ts';
import { Uploader } from '../../../../src/backend/webgpu/upload.ts';
import type { TestWeight } from '../../support/random.ts';
import { bufferOf } from './open-gpu.ts';

/** @param shardBytes cuts it into several buffers */
export async function uploaded(gpu: Gpu, weight: TestWeight, shardBytes?: number): Promise<GpuWeight> {
  return asWeight(gpu, await new Uploader(gpu, { shardBytes }).upload(weight.source), 'test weight');
}

export const poisoned = (gpu: Gpu, count: number): GPUBuffer => bufferOf(gpu, new Float32Array(count).fill(Number.NaN));
