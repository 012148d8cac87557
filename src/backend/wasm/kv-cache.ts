import { RealizarError } from '../../errors.ts';
import type { KvDType, KvLayer, KvShape } from '../backend.ts';
import { checkKvShape } from '../check-kv-shape.ts';
import { KV_F16, KV_F32, KV_Q8_0 } from './kv-dtypes.ts';
import type { WasmMemory } from './memory.ts';
import { roundUp } from './round-up.ts';

/** Keys side by side in a tile; a tile has whole groups of them. */
export const KEYS_PER_GROUP = 8;

/** Keys and values of one layer; assembly/key-value-tiles.ts has their layout. */
export interface WasmKvLayer extends KvLayer {
  readonly memory: WasmMemory;
  readonly shape: KvShape;
  /** `KvLayer` of assembly/lib/structs.ts. */
  readonly pointer: number;
  /** Room for a tile as f32; 0 where tiles are. */
  readonly wideTileBytes: number;
}

/**
 * @param memoryOf where a layer lies
 * @throws RealizarError `out-of-memory`; `invalid-argument` where heads cannot be stored in the dtype
 */
export function createKvCache(memoryOf: (layer: number) => WasmMemory, shape: KvShape): WasmKvLayer[] {
  checkKvShape(shape);
  const { numBlocks, numKvHeads, headDim, blockSize, dtype = 'f32' } = shape;
  const { keyTileBytes, valueTileBytes } = tileBytes(shape, dtype);
  const wide = tileBytes(shape, 'f32');
  const wideTileBytes =
    dtype === 'f32' ? 0 : Math.max(wide.keyTileBytes, wide.valueTileBytes + 4 * roundUp(blockSize, KEYS_PER_GROUP));
  const tiles = numBlocks * numKvHeads;
  return Array.from({ length: shape.numLayers }, (_, layer) => {
    const memory = memoryOf(layer);
    const what = `the kv cache of ${numBlocks * blockSize} positions`;
    const keys = memory.allocate(tiles * keyTileBytes, what);
    const values = memory.allocate(tiles * valueTileBytes, what);
    const words = [keys, values, numKvHeads, headDim, blockSize, keyTileBytes, valueTileBytes, NUMBERS[dtype]];
    const pointer = memory.allocate(4 * words.length, what);
    memory.i32.set(words, pointer / 4);
    return { layer, memory, shape, pointer, wideTileBytes };
  });
}

/** @throws RealizarError `invalid-argument` for a layer of another backend, or of another of its memories */
export function asKvLayer(memory: WasmMemory, cache: KvLayer): WasmKvLayer {
  const layer = cache as WasmKvLayer;
  if (layer.memory === memory) return layer;
  throw new RealizarError('invalid-argument', 'the kv cache is not of this backend');
}

/** Bytes of one layer, with what aligns its parts. */
export function kvLayerBytes(shape: KvShape): number {
  const { keyTileBytes, valueTileBytes } = tileBytes(shape, shape.dtype ?? 'f32');
  return shape.numBlocks * shape.numKvHeads * (keyTileBytes + valueTileBytes) + 256;
}

const NUMBERS: Readonly<Record<KvDType, number>> = { f32: KV_F32, f16: KV_F16, q8_0: KV_Q8_0 };

function tileBytes({ blockSize, headDim }: KvShape, dtype: KvDType) {
  const slots = roundUp(blockSize, KEYS_PER_GROUP);
  const size = dtype === 'f32' ? 4 : dtype === 'f16' ? 2 : 1;
  const scales = dtype === 'q8_0' ? (headDim / 32) * slots * 2 : 0;
  return {
    keyTileBytes: roundUp(slots * headDim * size + scales, 16),
    valueTileBytes: roundUp(blockSize * roundUp(headDim, 8) * size + scales, 16),
  };
}
