import { byteLength } from '../../dtype/index.ts';
import type { Bank } from './bank.ts';
import type { Executor } from './executor.ts';
import type { WeightLayout } from './layouts.ts';
import { GROUP_ROWS, type LoadResult } from './load-list.ts';
import { REPACK } from './opcodes.ts';
import type { PackedSource } from './upload.ts';

/** Bytes read at a time: large enough for a disk, small beside a model. Two such pieces are in memory while loading. */
const PIECE_BYTES = 8 * 2 ** 20;

const GROUPS_PER_CHUNK = 4;

/** Reads a weight here and has the threads pack it: reading one piece overlaps with packing the one before. */
export async function repackAll(
  bank: Bank,
  executor: Executor,
  source: PackedSource,
  layout: WeightLayout,
  weight: number,
): Promise<LoadResult> {
  const { memory, activations, commands } = bank.recorder;
  const [rows, columns] = source.shape as [number, number];
  const rowBytes = byteLength(source.dtype, [columns]);
  const rowsPerPiece = Math.max(1, Math.floor(PIECE_BYTES / (rowBytes * GROUP_ROWS))) * GROUP_ROWS;
  const mark = activations.mark();
  try {
    const stagingBytes = Math.min(rows, rowsPerPiece) * rowBytes;
    const staging = [
      activations.allocate(stagingBytes),
      activations.allocate(rows > rowsPerPiece ? stagingBytes : 0),
    ] as const;
    const outOfRange = activations.allocate(4);
    memory.i32[outOfRange / 4] = 0;
    let repacking: Promise<void> | undefined;
    for (let firstRow = 0, piece = 0; firstRow < rows; firstRow += rowsPerPiece, piece++) {
      const from = staging[piece % 2]!;
      const count = Math.min(rowsPerPiece, rows - firstRow);
      const reading = source.read(
        firstRow * rowBytes,
        (firstRow + count) * rowBytes,
        memory.u8.subarray(from, from + count * rowBytes),
      );
      await Promise.all([reading, repacking]);
      const groups = Math.ceil(count / GROUP_ROWS);
      commands.record(REPACK, Math.ceil(groups / GROUPS_PER_CHUNK), [
        ...[layout.layout, layout.dtype, from, rowBytes, weight, rows, columns],
        ...[firstRow / GROUP_ROWS, groups, GROUPS_PER_CHUNK, outOfRange],
      ]);
      repacking = executor.run(bank, commands.finish());
    }
    await repacking;
    return { failed: false, outOfRange: memory.i32[outOfRange / 4] !== 0 };
  } finally {
    activations.release(mark);
  }
}
