import { RealizarError } from '../../../errors.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Batch } from '../../backend.ts';
import type { BatchData } from '../batch-data.ts';
import { EMBED } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { asWeight, f32Tensor, type WasmTensor, type WasmWeight } from '../tensor.ts';

/** Rows of `table` for the batch's token ids → [tokens, hidden] */
export function embed(recorder: Recorder, table: Tensor, batch: Batch, data: BatchData): WasmTensor {
  const weight = asWeight(recorder.memory, table, 'the embedding table');
  const rows = weight.shape[0]!;
  if (batch.chosen) {
    throw new RealizarError(
      'invalid-argument',
      'wasm has one step in flight: read what `best` chose and pass the ids',
      {
        field: 'chosen',
      },
    );
  }
  for (const id of batch.tokenIds) {
    if (id >= 0 && id < rows) continue;
    throw new RealizarError('invalid-argument', `token id ${id} is none of the vocabulary's ${rows}`, {
      field: 'tokenIds',
    });
  }
  const tokens = batch.tokenIds.length;
  return rowsToF32(recorder, weight, data.tokenIds, tokens);
}

/** All of a packed weight as f32. */
export function unpack(recorder: Recorder, weight: Tensor): WasmTensor {
  const own = asWeight(recorder.memory, weight, 'the tensor to read');
  const rows = Array.from({ length: own.shape[0]! }, (_, row) => row);
  return recorder.temporarily(() => rowsToF32(recorder, own, recorder.constantWords(rows), rows.length));
}

/** @param rows pointer to `count` row numbers */
function rowsToF32(recorder: Recorder, weight: WasmWeight, rows: number, count: number): WasmTensor {
  const [allRows, columns] = weight.shape as [number, number];
  const out = recorder.activations.allocate(count * columns * 4);
  recorder.commands.record(EMBED, count, [weight.layout.layout, weight.pointer, allRows, columns, rows, out]);
  return f32Tensor(recorder.memory, [count, columns], out);
}
