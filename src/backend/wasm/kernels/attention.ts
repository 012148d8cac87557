import type { AttentionOptions } from '../../backend.ts';
import type { BatchData } from '../batch-data.ts';
import { floatBits } from '../command-list.ts';
import type { WasmKvLayer } from '../kv-cache.ts';
import { ATTENTION, WRITE_KEYS_VALUES } from '../opcodes.ts';
import type { Recorder } from '../recorder.ts';
import { f32Tensor, type WasmTensor } from '../tensor.ts';
import type { AttentionInputs } from './attention-inputs.ts';
import { headScratchBytes, NO_WINDOW } from './attention-tiles.ts';

/** Whether attention can write keys and values itself: no row needs what another row of the batch writes. */
export const writesOwnKeys = (data: BatchData): boolean => data.shape.runs.every(({ rows }) => rows === 1);

/** Keys and values of all rows into the cache. */
export function writeKeysValues(
  recorder: Recorder,
  inputs: AttentionInputs,
  cache: WasmKvLayer,
  data: BatchData,
  options: AttentionOptions,
): void {
  const scratchBytes = headScratchBytes(options.headDim);
  const work = { out: 0, tiles: 0, headsPerChunk: 1, own: false, scratchBytes };
  recordWork(recorder, WRITE_KEYS_VALUES, inputs.shape[0]!, inputs, cache, data, options, work);
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
  const { pointer, tiles, headsPerChunk, scratchBytes } = data.tiles(options, cache.wideTileBytes > 0);
  const work = { out, tiles: pointer, headsPerChunk, own, scratchBytes };
  recordWork(recorder, ATTENTION, tiles.length * (numHeads / headsPerChunk), inputs, cache, data, options, work);
  return f32Tensor(recorder.memory, [tokens, numHeads * headDim], out);
}

interface Work {
  readonly out: number;
  readonly tiles: number;
  readonly headsPerChunk: number;
  readonly own: boolean;
  readonly scratchBytes: number;
}

/** With `AttentionArguments` of assembly/lib/structs.ts. */
function recordWork(
  recorder: Recorder,
  opcode: number,
  chunks: number,
  inputs: AttentionInputs,
  cache: WasmKvLayer,
  data: BatchData,
  options: AttentionOptions,
  work: Work,
): void {
  recorder.temporarily(() => {
    recorder.commands.record(opcode, chunks, [
      inputs.pointer,
      inputs.k,
      inputs.v,
      work.out,
      cache.pointer,
      data.pointer,
      data.ropeTable(options.rope),
      inputs.queryNorm,
      inputs.keyNorm,
      work.tiles,
      options.numHeads,
      work.headsPerChunk,
      options.slidingWindow ?? NO_WINDOW,
      work.own ? 1 : 0,
      floatBits(options.scale),
      floatBits(options.normEps),
      recorder.activations.allocate(work.scratchBytes * recorder.threads),
      work.scratchBytes,
      recorder.activations.allocate(cache.wideTileBytes * recorder.threads),
      cache.wideTileBytes,
    ]);
  });
}
