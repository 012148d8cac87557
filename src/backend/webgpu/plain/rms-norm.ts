import { rowsOf } from '../../../tensor/tensor.ts';
import { Gpu } from '../gpu.ts';
import type { GpuTensor } from '../gpu-tensor.ts';
import type { OpContext } from '../ops.ts';

/** Launches shaders/plain/rms-norm.wgsl, for all rows of `x` or for those that `pick` lists. */
export function rmsNorm(
  { gpu, activation }: OpContext,
  x: GpuTensor,
  weight: GpuTensor,
  eps: number,
  pick?: { readonly rows: GPUBuffer; readonly count: number },
): GpuTensor {
  const [allRows, width] = rowsOf(x);
  const rows = pick?.count ?? allRows;
  const y = activation([rows, width]);
  const bound = [gpu.constants([width, Gpu.bits(eps)]), x.buffer, weight.buffer, y.buffer];
  if (pick) bound.push(pick.rows);
  gpu.dispatch(gpu.kernel('plain/rms-norm', { PICK: pick !== undefined }), bound, [rows]);
  return y;
}
