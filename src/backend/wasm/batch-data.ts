import { RealizarError } from '../../errors.ts';
import type { CacheReach } from '../check-attention.ts';
import type { AttentionOptions, Batch, KvShape, Rope } from '../backend.ts';
import { idBeyond } from '../id-beyond.ts';
import { type BatchShape, hasShape, shapeOf } from './batch-shape.ts';
import { attentionTiles, type AttentionTiles } from './kernels/attention-tiles.ts';
import { rowsOf } from '../../tensor/tensor.ts';
import type { Recorder } from './recorder.ts';
import { ropeTable, type RopeTable, writeRopeTable } from './rope-table.ts';

/** Tiles, and where pairs of first row and number of rows lie. */
type TilesInMemory = AttentionTiles & { readonly pointer: number };

/** A batch in memory, for as long as the recorded commands may run. */
export class BatchData implements CacheReach {
  /** `Batch` of assembly/lib/structs.ts. */
  readonly pointer: number;
  readonly tokenIds: number;
  /** Rows of `best` where tokens are; 0: all are in `tokenIds`. */
  readonly chosen: number;
  readonly shape: BatchShape;
  slots = 0;
  blocks = 0;
  readonly #recorder: Recorder;
  readonly #positions: number;
  readonly #slotMapping: number;
  readonly #blockTable: number;
  readonly #ropes = new Map<Rope, RopeTable>();
  readonly #tiles = new Map<string, TilesInMemory>();
  #latest: Batch;
  /** What commands that read it were checked for: ids below, slots below, blocks below. */
  readonly #limits = { ids: Infinity, slots: Infinity, blocks: Infinity };

  /** @throws RealizarError `invalid-argument` where a batch contradicts itself */
  constructor(recorder: Recorder, batch: Batch) {
    if (!isSound(batch)) {
      throw new RealizarError(
        'invalid-argument',
        'a batch has arrays of different lengths, or numbers beyond its block table',
      );
    }
    this.#recorder = recorder;
    this.#latest = batch;
    this.shape = shapeOf(batch);
    this.tokenIds = recorder.constantWords(batch.tokenIds);
    this.chosen = batch.chosen ? recorder.constantWords(batch.chosen.rows) : 0;
    this.#positions = recorder.constantWords(batch.positions);
    this.#slotMapping = recorder.constantWords(batch.slotMapping);
    this.#blockTable = recorder.constantWords(batch.blockTable);
    this.pointer = recorder.constantWords([
      this.tokenIds,
      this.#positions,
      this.#slotMapping,
      recorder.constantWords(batch.sequenceOf),
      this.#blockTable,
      batch.blocksPerSequence,
    ]);
    this.#measure(batch);
  }

  /** `RopeTable` for the batch's positions. */
  ropeTable(rope: Rope): number {
    let table = this.#ropes.get(rope);
    if (table === undefined) {
      table = ropeTable(this.#recorder, rope, this.#latest.positions);
      this.#ropes.set(rope, table);
    }
    return table.pointer;
  }

  /** How attention is cut. The same for all layers with the same options. */
  tiles(options: AttentionOptions, widens: boolean): TilesInMemory {
    const { numHeads, numKvHeads, headDim, slidingWindow } = options;
    const key = `${numHeads} ${numKvHeads} ${headDim} ${slidingWindow} ${widens}`;
    let tiles = this.#tiles.get(key);
    if (tiles === undefined) {
      const cut = attentionTiles(this.shape.runs, options, this.#recorder.threads, widens);
      const pairs = cut.tiles.flatMap(({ firstRow, rows }) => [firstRow, rows]);
      tiles = { ...cut, pointer: this.#recorder.constantWords(pairs) };
      this.#tiles.set(key, tiles);
    }
    return tiles;
  }

  /** Ids were seen to be rows of a table of `rows`. */
  allowIds(rows: number): void {
    this.#limits.ids = Math.min(this.#limits.ids, rows);
  }

  /** Slots and blocks were seen to lie in a cache. */
  allowCache({ numBlocks, blockSize }: KvShape): void {
    this.#limits.blocks = Math.min(this.#limits.blocks, numBlocks);
    this.#limits.slots = Math.min(this.#limits.slots, numBlocks * blockSize);
  }

  /**
   * Puts another batch in the place of this one.
   * @returns whether it could: whether the commands that read this one are right for it
   */
  replace(batch: Batch): boolean {
    const { ids, slots, blocks } = this.#limits;
    if (!isSound(batch) || !hasShape(batch, this.shape)) return false;
    if (idBeyond(ids, batch) !== undefined || !isChosenSound(batch)) return false;
    this.#measure(batch);
    if (this.slots > slots || this.blocks > blocks) return false;
    const { tokenIds, positions, slotMapping, blockTable, chosen } = batch;
    const recorder = this.#recorder;
    this.#latest = batch;
    recorder.write(this.tokenIds, tokenIds);
    recorder.write(this.#positions, positions);
    recorder.write(this.#slotMapping, slotMapping);
    recorder.write(this.#blockTable, blockTable);
    if (chosen) recorder.write(this.chosen, chosen.rows);
    for (const table of this.#ropes.values()) writeRopeTable(recorder, table, positions);
    return true;
  }

  #measure({ slotMapping, blockTable }: Batch): void {
    this.slots = end(slotMapping);
    this.blocks = end(blockTable);
  }
}

/** Whether chosen tokens are in rows of `best`. */
export function isChosenSound({ chosen, tokenIds }: Batch): boolean {
  if (chosen === undefined) return true;
  const [rows] = rowsOf(chosen.best);
  return chosen.rows.length === tokenIds.length && chosen.rows.every((row) => row >= -1 && row < rows);
}

function isSound(batch: Batch): boolean {
  const { tokenIds, positions, slotMapping, sequenceOf, blockTable, blocksPerSequence, blockSize } = batch;
  const tokens = tokenIds.length;
  const sameLength = [positions, slotMapping, sequenceOf].every(({ length }) => length === tokens);
  return (
    sameLength &&
    isBelow(blocksPerSequence * blockSize, positions) &&
    isBelow(blockTable.length / Math.max(1, blocksPerSequence), sequenceOf) &&
    isBelow(Infinity, slotMapping) &&
    isBelow(Infinity, blockTable)
  );
}

/** Whether all are from 0 to below a limit. */
function isBelow(limit: number, numbers: Int32Array): boolean {
  for (const n of numbers) if (n < 0 || n >= limit) return false;
  return true;
}

function end(numbers: Int32Array): number {
  let most = 0;
  for (const n of numbers) most = Math.max(most, n + 1);
  return most;
}
