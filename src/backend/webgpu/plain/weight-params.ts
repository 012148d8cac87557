import type { GpuWeight, WeightShard } from '../gpu-tensor.ts';
import { blocksPerRow, UNIT } from '../weight.ts';
import { formats } from '../../../dtype/index.ts';

/** The `planes` of shaders/plain/weight.wgsl. */
export function weightParams({ format, shape }: GpuWeight, { planes }: WeightShard): readonly number[] {
  const columns = blocksPerRow(format, shape[1]!) * formats[format].blockSize;
  return [columns / UNIT, ...planes];
}
