import { rowsOf } from '../../../tensor/tensor.ts';
import type { GpuTensor } from '../gpu-tensor.ts';
import type { GpuFeedForwardWeights, OpContext } from '../ops.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';

/** Norm and two products; shaders/plain/silu-multiply.wgsl then joins them → [tokens, intermediate] */
export function gatedLinear(
  context: OpContext,
  x: GpuTensor,
  { norm, gate, up }: GpuFeedForwardWeights,
  normEps: number,
): GpuTensor {
  const { gpu, activation } = context;
  const [tokens] = rowsOf(x);
  const width = gate.weight.shape[0]!;
  const normed = rmsNorm(context, x, norm, normEps);
  const both = activation([tokens, 2 * width]);
  linear(context, normed, gate, both);
  linear(context, normed, up, both, { first: width });
  const y = activation([tokens, width]);
  gpu.dispatch(
    gpu.kernel('plain/silu-multiply'),
    [gpu.constants([width]), both.buffer, y.buffer],
    [Math.ceil(width / 64), tokens],
  );
  return y;
}
