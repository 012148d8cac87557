import { RealizarError } from '../../errors.ts';
import type { AttentionOptions, Batch, Rope } from '../backend.ts';
import { BatchLimits } from '../batch-limits.ts';
import { cacheReach, type CacheReach } from '../cache-reach.ts';
import { isChosenSound, isSoundBatch } from '../sound-batch.ts';
import { type BatchShape, hasShape, shapeOf } from './batch-shape.ts';
import { attentionTiles, type AttentionTiles } from './kernels/attention-tiles.ts';
import type { Recorder } from './recorder.ts';
import { ropeTable, type RopeTable, writeRopeTable } from './rope-table.ts';

/** Tiles, and where pairs of first row and number of rows lie. */
type TilesInMemory = AttentionTiles & { readonly pointer: number };

/** A batch in memory, for as long as the recorded commands may run. */
export class BatchData {
  /** `Batch` of assembly/lib/structs.ts. */
  readonly pointer: number;
  readonly tokenIds: number;
  /** Rows of `best` where tokens are; 0: all are in `tokenIds`. */
  readonly chosen: number;
  readonly shape: BatchShape;
  readonly reach: CacheReach;
  readonly limits = new BatchLimits();
  readonly #recorder: Recorder;
  readonly #positions: number;
  readonly #slotMapping: number;
  readonly #blockTable: number;
  readonly #ropes = new Map<Rope, RopeTable>();
  readonly #tiles = new Map<string, TilesInMemory>();
  #latest: Batch;

  /** @throws RealizarError `invalid-argument` where a batch contradicts itself */
  constructor(recorder: Recorder, batch: Batch) {
    if (!isSoundBatch(batch)) {
      throw new RealizarError(
        'invalid-argument',
        'a batch has arrays of different lengths, or numbers beyond its block table',
      );
    }
    this.#recorder = recorder;
    this.#latest = batch;
    this.shape = shapeOf(batch);
    this.reach = cacheReach(batch);
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

  /**
   * Puts another batch in the place of this one.
   * @returns whether it could: whether the commands that read this one are right for it
   */
  replace(batch: Batch): boolean {
    if (!isSoundBatch(batch) || !hasShape(batch, this.shape) || !isChosenSound(batch)) return false;
    if (!this.limits.hold(batch, cacheReach(batch))) return false;
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
}
