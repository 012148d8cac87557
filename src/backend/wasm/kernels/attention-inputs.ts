import { assertShape, rowsOf, type Tensor } from '../../../tensor/tensor.ts';
import type { AttentionOptions, AttentionWeights } from '../../backend.ts';
import type { Recorder } from '../recorder.ts';
import { asF32, f32Tensor, type WasmTensor } from '../tensor.ts';
import { checkLinear, recordLinear, vectorPointer } from './linear.ts';
import { prepare } from './prepare.ts';

/**
 * Queries, keys and values [tokens, heads · headDim] as their projections leave them. Head norms, rope and the way into the
 * cache are left to kernels/attention.ts, which does them where they are used: that saves a pass and a barrier.
 */
export interface AttentionInputs extends WasmTensor {
  readonly k: number;
  readonly v: number;
  /** Pointers; 0: none. */
  readonly queryNorm: number;
  readonly keyNorm: number;
}

export function attentionInputs(
  recorder: Recorder,
  x: Tensor,
  weights: AttentionWeights,
  options: AttentionOptions,
): AttentionInputs {
  const { memory, activations } = recorder;
  const input = asF32(memory, x, 'x of attentionInputs');
  const [tokens, columns] = rowsOf(input);
  assertShape(weights.norm, [columns], 'the attention norm');
  const norm = { weight: asF32(memory, weights.norm, 'the attention norm'), epsilon: options.normEps };
  const { numHeads, numKvHeads, headDim } = options;
  const projections = [
    checkLinear(recorder, weights.query, columns, 'the query weight', numHeads * headDim),
    checkLinear(recorder, weights.key, columns, 'the key weight', numKvHeads * headDim),
    checkLinear(recorder, weights.value, columns, 'the value weight', numKvHeads * headDim),
  ];
  const outs = projections.map(({ rows }) => activations.allocate(tokens * rows * 4));
  recorder.temporarily(() => {
    const layouts = projections.map(({ weight }) => weight.layout.layout);
    const prepared = prepare(recorder, input.pointer, tokens, columns, layouts, norm);
    projections.forEach((projection, i) => {
      const ordering = i === projections.length - 1 ? 'then-wait' : 'then-go-on';
      recordLinear(recorder, projection, prepared(layouts[i]!), tokens, outs[i]!, 'store', ordering);
    });
  });
  return {
    ...f32Tensor(memory, [tokens, numHeads * headDim], outs[0]!),
    k: outs[1]!,
    v: outs[2]!,
    queryNorm: vectorPointer(recorder, weights.queryNorm, headDim, 'the query norm'),
    keyNorm: vectorPointer(recorder, weights.keyNorm, headDim, 'the key norm'),
  };
}
