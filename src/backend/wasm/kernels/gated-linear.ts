import { assertShape, rowsOf, type Tensor } from '../../../tensor/tensor.ts';
import type { FeedForwardWeights } from '../../backend.ts';
import { GATED_LINEAR } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { asF32, f32Tensor, type WasmTensor } from '../tensor.ts';
import { checkLinear, groupsPerChunk } from './linear.ts';
import { prepare } from './prepare.ts';

/** silu(gate(norm(x))) ⊙ up(norm(x)) → [tokens, intermediate] */
export function gatedLinear(recorder: Recorder, x: Tensor, weights: FeedForwardWeights, epsilon: number): WasmTensor {
  const { memory, activations, commands, threads } = recorder;
  const input = asF32(memory, x, 'x of gatedLinear');
  const [tokens, columns] = rowsOf(input);
  assertShape(weights.norm, [columns], 'the norm of gatedLinear');
  const norm = { weight: asF32(memory, weights.norm, 'the norm of gatedLinear'), epsilon };
  const gate = checkLinear(recorder, weights.gate, columns, 'gate');
  const up = checkLinear(recorder, weights.up, columns, 'up', gate.rows);

  const out = activations.allocate(tokens * gate.rows * 4);
  recorder.temporarily(() => {
    const layouts = [gate.weight.layout.layout, up.weight.layout.layout] as const;
    const prepared = prepare(recorder, input.pointer, tokens, columns, layouts, norm);
    const [gateInput, upInput] = [prepared(layouts[0]), prepared(layouts[1])];
    const { groups } = gate.weight.layout;
    const perChunk = groupsPerChunk(groups, threads);
    commands.record(GATED_LINEAR, Math.ceil(groups / perChunk), [
      layouts[0],
      gate.weight.pointer,
      gate.bias,
      gateInput.pointer,
      gateInput.threadBytes,
      layouts[1],
      up.weight.pointer,
      up.bias,
      upInput.pointer,
      upInput.threadBytes,
      gate.rows,
      columns,
      perChunk,
      tokens,
      out,
      activations.allocate(tokens * gate.rows * 4),
    ]);
  });
  return f32Tensor(memory, [tokens, gate.rows], out);
}
