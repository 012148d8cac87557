import type { OpContext } from '../ops.ts';
import type { GpuTensor, GpuWeight } from '../gpu-tensor.ts';
import { weightParams } from './weight-params.ts';

/** Launches shaders/plain/embed.wgsl: rows `ids` of `table` → [count, width] */
export function embed({ gpu, activation }: OpContext, table: GpuWeight, ids: GPUBuffer, count: number): GpuTensor {
  const width = table.shape[1]!;
  const y = activation([count, width]);
  const kernel = gpu.kernel('plain/embed', { DTYPE: table.format, ACTIVATIONS: 'f32' });
  for (const shard of table.shards) {
    const planes = weightParams(table, shard);
    const params = gpu.constants([...planes, width, shard.firstRow, shard.rows]);
    gpu.dispatch(kernel, [params, shard.buffer, ids, y.buffer], [Math.ceil(planes[0]! / 64), count]);
  }
  return y;
}
