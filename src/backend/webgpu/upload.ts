import { byteLength, formats } from '../../dtype/index.ts';
import { RealizarError } from '../../errors.ts';
import type { WeightSource } from '../backend.ts';
import { COPY_DST, STORAGE } from './gpu-flags.ts';
import { type Gpu, spread } from './gpu.ts';
import type { GpuTensor, GpuWeight, WeightShard } from './gpu-tensor.ts';
import { blocksPerRow, type GpuFormat, isRaw, planeOffsets, planesOf } from './weight.ts';
import { createStaging, weightRows, type WeightRows } from './weight-rows.ts';

/** Bytes on their way to the GPU at a time: a second such piece is read meanwhile. */
export const PIECE_BYTES = 16 * 2 ** 20;

/** Rows of a shard and of a piece come in eights, so that a plane of halves is cut between whole words. */
const ROW_STEP = 8;

/** Brings weights to the GPU, piece by piece: memory on the host stays small whatever the model's size. */
export class Uploader {
  readonly #gpu: Gpu;
  readonly #shardBytes: number;
  readonly #pieceBytes: number;
  /** Two, in turn: one is repacked while the other is filled. */
  readonly #scratch: (GPUBuffer | undefined)[] = [undefined, undefined];
  readonly #busy: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  readonly #staging = createStaging();
  #turn = 0;

  constructor(
    gpu: Gpu,
    limits: { readonly shardBytes?: number | undefined; readonly pieceBytes?: number | undefined } = {},
  ) {
    this.#gpu = gpu;
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.facts.limits;
    this.#shardBytes = Math.min(limits.shardBytes ?? Infinity, maxBufferSize, maxStorageBufferBindingSize);
    this.#pieceBytes = limits.pieceBytes ?? PIECE_BYTES;
  }

  /** @throws RealizarError `shape-mismatch` | `out-of-memory` | `device-lost`, and what the source throws */
  async upload(source: WeightSource): Promise<GpuTensor | GpuWeight> {
    const expected = byteLength(source.dtype, source.shape);
    if (source.byteLength !== expected || source.shape.length === 0 || source.shape.length > 2) {
      const shape = `${source.dtype} [${source.shape.join(', ')}]`;
      throw new RealizarError(
        'shape-mismatch',
        `${source.name} has ${source.byteLength} bytes, ${shape} needs ${expected}`,
        { field: source.name },
      );
    }
    return source.shape.length === 1 ? this.#vector(source) : this.#matrix(source);
  }

  /** Frees the scratch memory; it comes back with the next upload. */
  release(): void {
    this.#gpu.destroy(this.#scratch.filter((buffer) => buffer !== undefined));
    this.#scratch.fill(undefined);
  }

  async #vector(source: WeightSource): Promise<GpuTensor> {
    const values = new Float32Array(source.shape[0]!);
    formats[source.dtype].decode(await source.read(0, source.byteLength), values);
    const buffer = this.#gpu.allocate(values.byteLength, source.name);
    this.#gpu.write(buffer, 0, values);
    return { dtype: 'f32', shape: source.shape, gpu: this.#gpu, buffer, isOver: false };
  }

  async #matrix(source: WeightSource): Promise<GpuWeight> {
    const [rows, columns] = source.shape as [number, number];
    const from = weightRows(source, this.#staging);
    const shards: WeightShard[] = [];
    const shardRows = this.#rowsWithin(this.#shardBytes, bytesOnGpu(from.format, ROW_STEP, columns) / ROW_STEP, source);
    try {
      for (let firstRow = 0; firstRow < rows; firstRow += shardRows) {
        const count = Math.min(shardRows, rows - firstRow);
        const offsets = planeOffsets(from.format, count, columns);
        const buffer = this.#gpu.allocate(16 * offsets.at(-1)!, source.name);
        const [, plane1 = 0, plane2 = 0, plane3 = 0] = offsets.slice(0, -1);
        shards.push({ firstRow, rows: count, buffer, planes: [plane1, plane2, plane3] });
        await this.#gpu.health.settled(); // before megabytes are read for a buffer that is none
        await this.#fill(buffer, offsets, from, columns, firstRow, count);
      }
      await this.#gpu.health.race(Promise.all(this.#busy));
    } catch (error) {
      for (const { buffer } of shards) buffer.destroy();
      throw error;
    }
    return { dtype: source.dtype, shape: source.shape, gpu: this.#gpu, format: from.format, shards };
  }

  #rowsWithin(bytes: number, rowBytes: number, source: WeightSource): number {
    const rows = Math.floor(bytes / rowBytes / ROW_STEP) * ROW_STEP;
    if (rows > 0) return rows;
    throw new RealizarError('out-of-memory', `eight rows of ${source.name} are larger than this GPU's buffers`, {
      field: source.name,
    });
  }

  async #fill(
    buffer: GPUBuffer,
    offsets: readonly number[],
    from: WeightRows,
    columns: number,
    firstRow: number,
    rows: number,
  ): Promise<void> {
    const pieceRows = Math.max(ROW_STEP, Math.floor(this.#pieceBytes / from.rowBytes / ROW_STEP) * ROW_STEP);
    for (let row = 0; row < rows; row += pieceRows) {
      const count = Math.min(pieceRows, rows - row);
      const bytes = await from.read(firstRow + row, count);
      const turn = this.#turn++ % 2;
      await this.#gpu.health.race(this.#busy[turn]!);
      if (isRaw(from.format)) this.#gpu.write(buffer, row * from.rowBytes, wholeWords(bytes));
      else this.#repack(turn, bytes, buffer, offsets, from.format, row * blocksPerRow(from.format, columns));
      this.#gpu.submit();
      this.#busy[turn] = this.#gpu.device.queue.onSubmittedWorkDone();
      this.#busy[turn].catch(() => {}); // heard when its turn comes
    }
  }

  #repack(
    turn: number,
    bytes: Uint8Array<ArrayBuffer>,
    buffer: GPUBuffer,
    offsets: readonly number[],
    format: GpuFormat,
    firstBlock: number,
  ): void {
    const { blockBytes } = formats[format];
    const blocks = bytes.length / blockBytes;
    const scratch = this.#scratchOf(turn, bytes.length);
    this.#gpu.write(scratch, 0, wholeWords(bytes));
    const kernel = this.#gpu.kernel('repack');
    planesOf(format).forEach((plane, i) => {
      const words = Math.ceil((blocks * plane.bytes) / 4);
      const firstWord = offsets[i]! * 4 + (firstBlock * plane.bytes) / 4;
      const params = this.#gpu.constants([blocks, blockBytes, plane.offset, plane.bytes, firstWord, words]);
      const limit = this.#gpu.facts.limits.maxComputeWorkgroupsPerDimension;
      this.#gpu.dispatch(kernel, [params, scratch, buffer], spread(Math.ceil(words / 64), limit));
    });
  }

  #scratchOf(turn: number, bytes: number): GPUBuffer {
    const known = this.#scratch[turn];
    if (known && known.size >= bytes) return known;
    known?.destroy();
    const buffer = this.#gpu.allocate(bytes, 'a piece of a weight', STORAGE | COPY_DST);
    this.#scratch[turn] = buffer;
    return buffer;
  }
}

/** Bytes of a weight on the GPU. */
export function bytesOnGpu(format: GpuFormat, rows: number, columns: number): number {
  return 16 * planeOffsets(format, rows, columns).at(-1)!;
}

/** The bytes and, where they end within a word, those behind them up to its end. */
function wholeWords(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, Math.ceil(bytes.length / 4) * 4);
}
