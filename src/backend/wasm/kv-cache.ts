import type { KvLayer, KvShape } from '../backend.ts';
import type { WasmMemory } from './memory.ts';

/** Keys and values of one layer; assembly/key-value-tiles.ts has their layout. */
export interface WasmKvLayer extends KvLayer {
  readonly memory: WasmMemory;
  readonly shape: KvShape;
  /** `KvLayer` of assembly/lib/structs.ts. */
  readonly pointer: number;
}

/**
 * @param memoryOf where a layer lies
 * @throws RealizarError `out-of-memory`
 */
export function createKvCache(memoryOf: (layer: number) => WasmMemory, shape: KvShape): WasmKvLayer[] {
  const { keyTileBytes, valueTileBytes } = tileBytes(shape);
  const tiles = shape.numBlocks * shape.numKvHeads;
  return Array.from({ length: shape.numLayers }, (_, layer) => {
    const memory = memoryOf(layer);
    const what = `the kv cache of ${shape.numBlocks * shape.blockSize} positions`;
    const keys = memory.allocate(tiles * keyTileBytes, what);
    const values = memory.allocate(tiles * valueTileBytes, what);
    const pointer = memory.allocate(28, what);
    const { numKvHeads, headDim, blockSize } = shape;
    memory.i32.set([keys, values, numKvHeads, headDim, blockSize, keyTileBytes, valueTileBytes], pointer / 4);
    return { layer, memory, shape, pointer };
  });
}

/** Bytes of one layer, with what aligns its parts. */
export function kvLayerBytes(shape: KvShape): number {
  const { keyTileBytes, valueTileBytes } = tileBytes(shape);
  return shape.numBlocks * shape.numKvHeads * (keyTileBytes + valueTileBytes) + 256;
}

const tileBytes = ({ blockSize, headDim }: KvShape) => ({
  keyTileBytes: roundUp(blockSize, 4) * headDim * 4,
  valueTileBytes: blockSize * roundUp(headDim, 8) * 4,
});

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;
