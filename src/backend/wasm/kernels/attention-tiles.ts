import type { AttentionOptions } from '../../backend.ts';
import type { Run } from '../batch-shape.ts';
import { KEYS_PER_GROUP } from '../kv-cache.ts';
import { roundUp, wholeCacheLines } from '../round-up.ts';

/** Rows (tokens · heads) that share keys and values while these are in the nearest cache. */
const ROWS_PER_TILE = 24;

/** Scores of a tile in one thread's scratch: long contexts get smaller tiles. */
const MAX_SCORES_PER_TILE = 2 ** 20;

/** A tile's scores begin with a whole vector, so with some that its window leaves out. */
const SCORES_PER_VECTOR = 4;

/** No sliding window: more than any position. */
export const NO_WINDOW = 2 ** 30;

/** Some rows of a run. */
export type Tile = Pick<Run, 'firstRow' | 'rows' | 'reach'>;

/** How the attention of a batch is cut into chunks: tiles of rows times groups of heads. */
export interface AttentionTiles {
  readonly tiles: readonly Tile[];
  /** Query heads of one chunk; they share a key head. */
  readonly headsPerChunk: number;
  /** Scratch memory of each thread. */
  readonly scratchBytes: number;
}

/** @param widens whether keys and values are not f32: then to share them out costs more than threads of unequal work */
export function attentionTiles(
  runs: readonly Run[],
  options: AttentionOptions,
  threads: number,
  widens: boolean,
): AttentionTiles {
  const enough = threads === 1 || widens ? threads : 2 * threads;
  const headsPerChunk = headsOfChunk(options, runs.length, enough);
  const tiles = runs.flatMap((run) => tilesOf(run, headsPerChunk, options.slidingWindow ?? NO_WINDOW));
  const scratchBytes = tiles.reduce((most, tile) => Math.max(most, scratchOf(tile, headsPerChunk, options)), 0);
  return { tiles, headsPerChunk, scratchBytes };
}

/** Bytes of the two heads at the start of a thread's scratch. */
export const headScratchBytes = (headDim: number): number => wholeCacheLines(4 * 2 * roundUp(headDim, 8));

/** All query heads of a key head, so that keys are read once; fewer where there would not be `enough` chunks. */
function headsOfChunk({ numHeads, numKvHeads }: AttentionOptions, runs: number, enough: number): number {
  const group = numHeads / numKvHeads;
  for (let heads = group; heads > 1; heads--) {
    if (group % heads === 0 && runs * (numHeads / heads) >= enough) return heads;
  }
  return 1;
}

function tilesOf(run: Run, headsPerChunk: number, window: number): Tile[] {
  const keys = Math.min(run.reach, window + run.rows);
  const most = Math.min(ROWS_PER_TILE, Math.floor(MAX_SCORES_PER_TILE / keys));
  const rowsPerTile = Math.max(1, Math.floor(most / headsPerChunk));
  return Array.from({ length: Math.ceil(run.rows / rowsPerTile) }, (_, i) => ({
    firstRow: run.firstRow + i * rowsPerTile,
    rows: Math.min(rowsPerTile, run.rows - i * rowsPerTile),
    reach: run.reach,
  }));
}

/** As assembly/attention.ts divides its scratch. */
function scratchOf(
  tile: Tile,
  headsPerChunk: number,
  { headDim, slidingWindow = NO_WINDOW }: AttentionOptions,
): number {
  const rows = roundUp(tile.rows * headsPerChunk, 4);
  const keys = Math.min(tile.reach, slidingWindow + tile.rows + SCORES_PER_VECTOR);
  const scoresOfRow = roundUp(keys, SCORES_PER_VECTOR) + 2 * KEYS_PER_GROUP;
  return wholeCacheLines(headScratchBytes(headDim) + 4 * rows * (headDim + scoresOfRow + roundUp(headDim, 8)));
}
