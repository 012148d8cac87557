import { byteLength, formats } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import type { WeightSource } from '../backend.ts';
import type { Executor } from './executor.ts';
import { isPackedDType, WEIGHT_ALIGNMENT, weightLayout, type PackedDType, type WeightLayout } from './layouts.ts';
import { REPACK } from './opcodes.ts';
import type { Recorder } from './recorder.ts';
import { f32Tensor, weightTensor, type WasmTensor, type WasmWeight } from './tensor.ts';

/** Bytes read at a time: large enough for a disk, small beside a model. Two such pieces are in memory while loading. */
const PIECE_BYTES = 8 * 2 ** 20;

const GROUP_ROWS = 8;
const GROUPS_PER_CHUNK = 4;

/** Reads a weight into the memory, in the layout of the kernels. */
export async function upload(recorder: Recorder, executor: Executor, source: WeightSource): Promise<WasmTensor> {
  const expected = byteLength(source.dtype, source.shape);
  if (source.byteLength !== expected || source.shape.length === 0 || source.shape.length > 2) {
    const shape = `${source.dtype} [${source.shape.join(', ')}]`;
    throw new RealizarError(
      'shape-mismatch',
      `${source.name} has ${source.byteLength} bytes, ${shape} needs ${expected}`,
      { field: source.name },
    );
  }
  if (source.shape.length === 1) return uploadVector(recorder, source);
  const packed = packedSource(source);
  const [rows, columns] = source.shape as [number, number];
  const layout = weightLayout(packed.dtype, rows, columns);
  const weight = recorder.memory.allocate(layout.byteLength, source.name, WEIGHT_ALIGNMENT);
  if (await repackAll(recorder, executor, packed, layout, weight)) {
    return weightTensor(recorder.memory, source.dtype, source.shape, weight, layout);
  }
  return uploadWide(recorder, executor, packed);
}

/** For the rare weight with a value beyond its layout's range. */
async function uploadWide(recorder: Recorder, executor: Executor, source: PackedSource): Promise<WasmWeight> {
  const [rows, columns] = source.shape as [number, number];
  const layout = weightLayout(source.dtype, rows, columns, { wide: true });
  const weight = recorder.memory.allocate(layout.byteLength, source.name, WEIGHT_ALIGNMENT);
  await repackAll(recorder, executor, source, layout, weight);
  return weightTensor(recorder.memory, source.dtype, source.shape, weight, layout);
}

async function uploadVector({ memory }: Recorder, source: WeightSource): Promise<WasmTensor> {
  const values = new Float32Array(source.shape[0]!);
  formats[source.dtype].decode(await source.read(0, source.byteLength), values);
  const pointer = memory.allocate(values.byteLength, source.name);
  memory.f32.set(values, pointer / 4);
  return f32Tensor(memory, source.shape, pointer);
}

/** Reading one piece overlaps with repacking the one before. @returns whether all values fit the layout */
async function repackAll(
  recorder: Recorder,
  executor: Executor,
  source: PackedSource,
  layout: WeightLayout,
  weight: number,
): Promise<boolean> {
  const { memory, activations, commands } = recorder;
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
    let repacking: Promise<void> = Promise.resolve();
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
      repacking = executor.run(commands.finish());
    }
    await repacking;
    return memory.i32[outOfRange / 4] === 0;
  } finally {
    activations.release(mark);
  }
}

interface PackedSource extends WeightSource {
  readonly dtype: PackedDType;
}

/** A source as the kernels can read it: dtypes they do not know arrive as f32. */
function packedSource(source: WeightSource): PackedSource {
  if (isPackedDType(source.dtype)) return { ...source, dtype: source.dtype, read: source.read.bind(source) };
  const { blockSize, blockBytes, decode } = formats[source.dtype];
  const valueBytes = blockBytes / blockSize;
  return {
    name: source.name,
    dtype: 'f32',
    shape: source.shape,
    byteLength: byteLength('f32', source.shape),
    read: async (start, end, into) => {
      const bytes = into ?? new Uint8Array(end - start);
      const values = new Float32Array((end - start) / 4);
      decode(await source.read((start / 4) * valueBytes, (end / 4) * valueBytes), values);
      bytes.set(new Uint8Array(values.buffer));
      return bytes;
    },
  };
}
