import type { KvLayer, KvShape } from '../backend.ts';
import type { WasmMemory } from './memory.ts';

/** Keys and values of one layer; assembly/key-value-tiles.ts has their layout. */
export interface WasmKvLayer extends KvLayer {
  readonly memory: WasmMemory;
  readonly shape: KvShape;
  /** `KvLayer` of assembly/lib/structs.ts. */
  readonly pointer: number;
}

/** @throws RealizarError `out-of-memory` */
export function createKvCache(memory: WasmMemory, shape: KvShape): WasmKvLayer[] {
  const keyTileBytes = roundUp(shape.blockSize, 4) * shape.headDim * 4;
  const valueTileBytes = shape.blockSize * roundUp(shape.headDim, 8) * 4;
  const tiles = shape.numBlocks * shape.numKvHeads;
  return Array.from({ length: shape.numLayers }, (_, layer) => {
    const what = `the kv cache of ${shape.numBlocks * shape.blockSize} positions`;
    const keys = memory.allocate(tiles * keyTileBytes, what);
    const values = memory.allocate(tiles * valueTileBytes, what);
    const pointer = memory.allocate(28, what);
    const { numKvHeads, headDim, blockSize } = shape;
    memory.i32.set([keys, values, numKvHeads, headDim, blockSize, keyTileBytes, valueTileBytes], pointer / 4);
    return { layer, memory, shape, pointer };
  });
}

const roundUp = (n: number, step: number): number => Math.ceil(n / step) * step;
