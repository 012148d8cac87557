import type { OpContext, Ops } from '../ops.ts';
import { attention } from './attention.ts';
import { attentionInputs } from './attention-inputs.ts';
import { best } from './best.ts';
import { embed } from './embed.ts';
import { gatedLinear } from './gated-linear.ts';
import { linear } from './linear.ts';
import { rmsNorm } from './rms-norm.ts';

/** One kernel for each step of the formula, for every format and shape: slow, and what faster kernels fall back to. */
export function plainOps(context: OpContext): Ops {
  return {
    embed: (table, data) => embed(context, table, data.ids, data.tokens),
    attentionInputs: (x, weights, cache, data, options) => attentionInputs(context, x, weights, cache, data, options),
    attention: (projections, cache, data, options) => attention(context, projections, cache, data, options),
    addLinear: (x, input, weights) => linear(context, input, weights, x, { add: true }),
    gatedLinear: (x, weights, normEps) => gatedLinear(context, x, weights, normEps),
    logits(x, norm, normEps, head, rows, count) {
      const y = context.activation([count, head.weight.shape[0]!]);
      linear(context, rmsNorm(context, x, norm, normEps, { rows, count }), head, y);
      return y;
    },
    best: (logits, count, limit, y) => best(context, logits, count, limit, y),
  };
}
