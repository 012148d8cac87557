import { RealizarError } from '../../../errors.ts';
import { rowsOf, type Tensor } from '../../../tensor/tensor.ts';
import type { Batch } from '../../backend.ts';
import { idBeyond } from '../../id-beyond.ts';
import { isChosenSound } from '../../sound-batch.ts';
import type { BatchData } from '../batch-data.ts';
import { EMBED } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { asF32, asWeight, f32Tensor, type WasmTensor, type WasmWeight } from '../tensor.ts';

/** Rows of `table` for the batch's token ids → [tokens, hidden] */
export function embed(recorder: Recorder, table: Tensor, batch: Batch, data: BatchData): WasmTensor {
  const weight = asWeight(recorder.memory, table, 'the embedding table');
  const rows = weight.shape[0]!;
  const beyond = idBeyond(rows, batch);
  if (beyond !== undefined) {
    throw new RealizarError('invalid-argument', `token id ${beyond} is none of the vocabulary's ${rows}`, {
      field: 'tokenIds',
    });
  }
  data.limits.allowIds(rows);
  return rowsToF32(recorder, weight, data.tokenIds, batch.tokenIds.length, chosenRows(recorder, batch, data));
}

/** @throws RealizarError `invalid-argument` where a row is none of those that `best` returned */
function chosenRows(recorder: Recorder, batch: Batch, data: BatchData): ChosenRows | undefined {
  if (batch.chosen === undefined) return undefined;
  const best = asF32(recorder.memory, batch.chosen.best, 'the chosen tokens');
  const [rows, columns] = rowsOf(best);
  if (!isChosenSound(batch)) {
    throw new RealizarError('invalid-argument', `a chosen token is in none of the ${rows} rows of best`, {
      field: 'chosen',
    });
  }
  return { best: best.pointer, columns, rows: data.chosen };
}

interface ChosenRows {
  /** [rows, columns] f32: a row begins with its best id. */
  readonly best: number;
  readonly columns: number;
  /** Pointer to a row for each token; -1: its id is known. */
  readonly rows: number;
}

/** All of a packed weight as f32. */
export function unpack(recorder: Recorder, weight: Tensor): WasmTensor {
  const own = asWeight(recorder.memory, weight, 'the tensor to read');
  const rows = Array.from({ length: own.shape[0]! }, (_, row) => row);
  return recorder.temporarily(() => rowsToF32(recorder, own, recorder.constantWords(rows), rows.length));
}

/** @param rows pointer to `count` row numbers */
function rowsToF32(
  recorder: Recorder,
  weight: WasmWeight,
  rows: number,
  count: number,
  chosen: ChosenRows = { best: 0, columns: 0, rows: 0 },
): WasmTensor {
  const [allRows, columns] = weight.shape as [number, number];
  const out = recorder.activations.allocate(count * columns * 4);
  recorder.commands.record(EMBED, count, [
    weight.layout.layout,
    weight.pointer,
    allRows,
    columns,
    rows,
    out,
    chosen.rows,
    chosen.best,
    chosen.columns,
  ]);
  return f32Tensor(recorder.memory, [count, columns], out);
}
