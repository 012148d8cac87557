import { rowsOf } from '../../../tensor/tensor.ts';
import type { Gpu } from '../gpu.ts';
import type { GpuTensor } from '../gpu-tensor.ts';

/** The largest logit that each workgroup of a product found, as shaders/matvec.wgsl leaves them. */
export interface BestParts {
  /** u32 [count, rows, 2] */
  readonly buffer: GPUBuffer;
  readonly count: number;
}

/** Launches shaders/best-merge.wgsl. @param y f32 [rows, 2] */
export function mergeBest(gpu: Gpu, logits: GpuTensor, { buffer, count }: BestParts, y: GpuTensor): void {
  const [rows, width] = rowsOf(logits);
  gpu.dispatch(gpu.kernel('best-merge'), [gpu.constants([width, count]), buffer, logits.buffer, y.buffer], [rows]);
}
