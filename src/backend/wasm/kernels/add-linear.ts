import type { Linear } from '../../backend.ts';
import { assertShape, rowsOf, type Tensor } from '../../../tensor/tensor.ts';
import type { Recorder } from '../recorder.ts';
import { asF32 } from '../tensor.ts';
import { checkLinear, recordLinear } from './linear.ts';
import { prepare } from './prepare.ts';

/** x += input Wᵀ + b */
export function addLinear(recorder: Recorder, x: Tensor, input: Tensor, linear: Linear): void {
  const from = asF32(recorder.memory, input, 'the input of addLinear');
  const to = asF32(recorder.memory, x, 'x of addLinear');
  const [tokens, columns] = rowsOf(from);
  const checked = checkLinear(recorder, linear, columns, 'the weight of addLinear');
  assertShape(x, [tokens, checked.rows], 'x of addLinear');
  recorder.temporarily(() => {
    const { layout } = checked.weight.layout;
    const prepared = prepare(recorder, from.pointer, tokens, columns, [layout]);
    recordLinear(recorder, checked, prepared(layout), tokens, to.pointer, 'accumulate', 'then-wait');
  });
}
