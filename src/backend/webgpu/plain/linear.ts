import { rowsOf } from '../../../tensor/tensor.ts';
import type { GpuTensor } from '../gpu-tensor.ts';
import type { GpuLinear, OpContext } from '../ops.ts';
import { weightParams } from './weight-params.ts';

const FLAG_ADD = 1;
const FLAG_BIAS = 2;
const TOKENS = 4;

/** Launches shaders/plain/linear.wgsl: columns [first, first + outputs) of `y` become x Wᵀ + b, or grow by it. */
export function linear(
  { gpu }: OpContext,
  x: GpuTensor,
  { weight, bias }: GpuLinear,
  y: GpuTensor,
  { first = 0, add = false } = {},
): void {
  const [tokens, inputs] = rowsOf(x);
  const kernel = gpu.kernel('plain/linear', { DTYPE: weight.format, ACTIVATIONS: 'f32' });
  const flags = (add ? FLAG_ADD : 0) | (bias ? FLAG_BIAS : 0);
  const width = y.shape.at(-1)!;
  for (const shard of weight.shards) {
    const { rows, firstRow, buffer } = shard;
    const params = [...weightParams(weight, shard), inputs, rows, tokens, width, first + firstRow, firstRow, flags];
    // A bias has to be bound where there is none.
    gpu.dispatch(
      kernel,
      [gpu.constants(params), buffer, x.buffer, bias?.buffer ?? x.buffer, y.buffer],
      [Math.ceil(rows / 64), Math.ceil(tokens / TOKENS)],
      gpu.profiler && `linear ${weight.format} ${inputs}×${rows}`,
    );
  }
}
