import { RealizarError } from '../../../errors.ts';
import { assertShape, rowsOf, type Tensor } from '../../../tensor/tensor.ts';
import type { Linear } from '../../backend.ts';
import { GATHER_ROWS } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { asF32, f32Tensor, type WasmTensor } from '../tensor.ts';
import { checkLinear, recordLinear } from './linear.ts';
import { prepare } from './prepare.ts';

/** Norm and output head for chosen rows of `x` → [rows.length, vocab] */
export function logits(
  recorder: Recorder,
  x: Tensor,
  norm: Tensor,
  epsilon: number,
  head: Linear,
  rows: Int32Array,
): WasmTensor {
  const { memory, activations } = recorder;
  const input = asF32(memory, x, 'x of logits');
  const [tokens, columns] = rowsOf(input);
  assertShape(norm, [columns], 'the output norm');
  const checked = checkLinear(recorder, head, columns, 'the output head');
  if (rows.some((row) => row < 0 || row >= tokens)) {
    throw new RealizarError('invalid-argument', `logits of a row beyond the ${tokens} of the batch`, { field: 'rows' });
  }
  const out = activations.allocate(rows.length * checked.rows * 4);
  const result = f32Tensor(memory, [rows.length, checked.rows], out);
  if (rows.length === 0) return result;

  recorder.temporarily(() => {
    const { layout } = checked.weight.layout;
    const weight = asF32(memory, norm, 'the output norm');
    const chosen = gather(recorder, input, columns, rows);
    const prepared = prepare(recorder, chosen, rows.length, columns, [layout], { weight, epsilon });
    recordLinear(recorder, checked, prepared(layout), rows.length, out, 'store', 'then-wait');
  });
  return result;
}

/** @returns where the rows lie one after another: where they are, if they do already */
function gather(recorder: Recorder, x: WasmTensor, columns: number, rows: Int32Array): number {
  const rowBytes = columns * 4;
  if (rows.every((row, i) => row === rows[0]! + i)) return x.pointer + rows[0]! * rowBytes;
  const out = recorder.activations.allocate(rows.length * rowBytes);
  recorder.commands.record(GATHER_ROWS, rows.length, [x.pointer, rowBytes, recorder.constantWords(rows), out]);
  return out;
}
