import { rowsOf, type Tensor } from '../../../tensor/tensor.ts';
import { checkBest } from '../../check-best.ts';
import { MERGE_BEST, SCAN_BEST } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { asF32, f32Tensor, type WasmTensor } from '../tensor.ts';

/** Columns below which a part is not worth a thread's while. */
const MIN_COLUMNS = 4096;
/** More than one, so that a thread whose core is taken away holds up less. */
const PARTS_PER_THREAD = 2;

/** Largest logits of each row → [rows, 2 · count], ids then logits. It stays until the next call. */
export function best(recorder: Recorder, logits: Tensor, count: number, limit: number): WasmTensor {
  const { memory, activations, commands, results, threads } = recorder;
  const input = asF32(memory, logits, 'logits of best');
  const [rows, vocab] = rowsOf(input);
  checkBest(count, limit, vocab);
  results.release({ piece: 0, used: 0 });
  const out = results.allocate(rows * 2 * count * 4);
  const result = f32Tensor(memory, [rows, 2 * count], out);
  if (rows === 0) return result;

  const columnsPerPart = Math.max(MIN_COLUMNS, Math.ceil(limit / (threads * PARTS_PER_THREAD)));
  const parts = Math.ceil(limit / columnsPerPart);
  recorder.temporarily(() => {
    const lists = activations.allocate(rows * parts * count * 8);
    const taken = activations.allocate(rows * parts * 4);
    const args = [input.pointer, vocab, limit, count, parts, columnsPerPart, lists, taken, out];
    commands.record(SCAN_BEST, rows * parts, args);
    commands.record(MERGE_BEST, rows, args);
  });
  return result;
}
