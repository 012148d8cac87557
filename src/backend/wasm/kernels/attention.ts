import type { AttentionOptions } from '../../backend.ts';
import type { BatchData, Run } from '../batch-data.ts';
import { floatBits } from '../command-list.ts';
import type { WasmKvLayer } from '../kv-cache.ts';
import { ATTENTION, WRITE_KEYS_VALUES } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { f32Tensor, type WasmTensor } from '../tensor.ts';
import type { AttentionInputs } from './attention-inputs.ts';

/** Rows (tokens · heads) that share keys and values while these are in the nearest cache. */
const ROWS_PER_TILE = 24;

/** Scores of a tile in one thread's scratch: long contexts get smaller tiles. */
const MAX_SCORES_PER_TILE = 2 ** 20;

/** No sliding window: more than any position. */
const NO_WINDOW = 2 ** 30;

/** Whether attention can write keys and values itself: no row needs what another row of the batch writes. */
export const writesOwnKeys = (data: BatchData): boolean => data.runs.every(({ rows }) => rows === 1);

/** Keys and values of all rows into the cache. */
export function writeKeysValues(
  recorder: Recorder,
  inputs: AttentionInputs,
  cache: WasmKvLayer,
  data: BatchData,
  options: AttentionOptions,
): void {
  recorder.temporarily(() => {
    const scratchBytes = headScratchBytes(options.headDim);
    const scratch = recorder.activations.allocate(scratchBytes * recorder.threads);
    const args = argumentsOf(inputs, cache, data, options, { out: 0, tiles: 0, headsPerChunk: 1, own: false, scratch, scratchBytes });
    recorder.commands.record(WRITE_KEYS_VALUES, inputs.shape[0]!, args);
  });
}

/** @param own whether keys and values are still to be written; see `writesOwnKeys` */
export function attention(
  recorder: Recorder,
  inputs: AttentionInputs,
  cache: WasmKvLayer,
  data: BatchData,
  options: AttentionOptions,
  own: boolean,
): WasmTensor {
  const { numHeads, headDim } = options;
  const tokens = inputs.shape[0]!;
  const out = recorder.activations.allocate(tokens * numHeads * headDim * 4);
  recorder.temporarily(() => {
    const headsPerChunk = headsOfChunk(options, data.runs.length, recorder.threads);
    const tiles = data.runs.flatMap((run) => tilesOf(run, headsPerChunk, options.slidingWindow));
    const scratchBytes = tiles.reduce((most, tile) => Math.max(most, tileScratchBytes(tile, headsPerChunk, options)), 0);
    const scratch = recorder.activations.allocate(scratchBytes * recorder.threads);
    const pointer = recorder.constantWords(tiles.flatMap(({ firstRow, rows }) => [firstRow, rows]));
    const args = argumentsOf(inputs, cache, data, options, { out, tiles: pointer, headsPerChunk, own, scratch, scratchBytes });
    recorder.commands.record(ATTENTION, tiles.length * (numHeads / headsPerChunk), args);
  });
  return f32Tensor(recorder.memory, [tokens, numHeads * headDim], out);
}

interface Work {
  readonly out: number;
  readonly tiles: number;
  readonly headsPerChunk: number;
  readonly own: boolean;
  readonly scratch: number;
  readonly scratchBytes: number;
}

/** `AttentionArguments` of assembly/lib/structs.ts. */
function argumentsOf(
  inputs: AttentionInputs,
  cache: WasmKvLayer,
  data: BatchData,
  options: AttentionOptions,
  work: Work,
): number[] {
  return [
    ...[inputs.pointer, inputs.k, inputs.v, work.out],
    ...[cache.pointer, data.pointer, data.ropeTable(options.rope)],
    ...[inputs.queryNorm, inputs.keyNorm],
    ...[work.tiles, options.numHeads, work.headsPerChunk, options.slidingWindow ?? NO_WINDOW, work.own ? 1 : 0],
    ...[floatBits(options.scale), floatBits(options.normEps), work.scratch, work.scratchBytes],
  ];
}

/** All query heads of a key head, so that keys are read once; fewer where threads would find no work. */
function headsOfChunk({ numHeads, numKvHeads }: AttentionOptions, runs: number, threads: number): number {
  const group = numHeads / numKvHeads;
  const enough = threads === 1 ? 1 : 2 * threads;
  for (let heads = group; heads > 1; heads--) {
    if (group % heads === 0 && runs * (numHeads / heads) >= enough) return heads;
  }
  return 1;
}

function tilesOf(run: Run, headsPerChunk: number, window: number | undefined): Run[] {
  const keys = Math.min(run.firstPosition + run.rows, (window ?? NO_WINDOW) + run.rows);
  const most = Math.min(ROWS_PER_TILE, Math.floor(MAX_SCORES_PER_TILE / keys));
  const rowsPerTile = Math.max(1, Math.floor(most / headsPerChunk));
  return Array.from({ length: Math.ceil(run.rows / rowsPerTile) }, (_, i) => ({
    firstRow: run.firstRow + i * rowsPerTile,
    rows: Math.min(rowsPerTile, run.rows - i * rowsPerTile),
    firstPosition: run.firstPosition + i * rowsPerTile,
  }));
}

const roundUp4 = (n: number): number => (n + 3) & ~3;
const headScratchBytes = (headDim: number): number => align64(2 * roundUp4(headDim) * 4);
const align64 = (bytes: number): number => Math.ceil(bytes / 64) * 64;

/** As assembly/attention.ts divides its scratch. */
function tileScratchBytes(tile: Run, headsPerChunk: number, { headDim, slidingWindow }: AttentionOptions): number {
  const rows = roundUp4(tile.rows * headsPerChunk);
  const firstKey = Math.max(0, tile.firstPosition - (slidingWindow ?? NO_WINDOW) + 1) & ~3;
  const length = roundUp4(tile.firstPosition + tile.rows - firstKey);
  return align64(headScratchBytes(headDim) + rows * headDim * 4 + rows * (length + 8) * 4 + rows * roundUp4(headDim) * 4);
}
