import { rowsOf } from '../../../tensor/tensor.ts';
import type { GpuTensor } from '../gpu-tensor.ts';
import type { OpContext } from '../ops.ts';

/** Launches shaders/plain/best.wgsl. */
export function best({ gpu }: OpContext, logits: GpuTensor, count: number, limit: number, y: GpuTensor): void {
  const [rows, width] = rowsOf(logits);
  gpu.dispatch(gpu.kernel('plain/best'), [gpu.constants([width, limit, count]), logits.buffer, y.buffer], [rows]);
}
