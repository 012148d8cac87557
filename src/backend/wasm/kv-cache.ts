import type { KvLayer, KvShape } from '../backend.ts';
import type { WasmMemory } from './memory.ts';

/** Keys and values of one layer; assembly/write-keys-values.ts has their layout. */
export interface WasmKvLayer extends KvLayer {
  readonly memory: WasmMemory;
  readonly shape: KvShape;
  /** `KvLayer` of assembly/lib/structs.ts. */
  readonly pointer: number;
}

/** @throws RealizarError `out-of-memory` */
export function createKvCache(memory: WasmMemory, shape: KvShape): WasmKvLayer[] {
  const keyBytes = shape.numBlocks * shape.numKvHeads * roundUp4(shape.blockSize) * shape.headDim * 4;
  const valueBytes = shape.numBlocks * shape.numKvHeads * shape.blockSize * roundUp4(shape.headDim) * 4;
  return Array.from({ length: shape.numLayers }, (_, layer) => {
    const what = `the kv cache of ${shape.numBlocks * shape.blockSize} positions`;
    const keys = memory.allocate(keyBytes, what);
    const values = memory.allocate(valueBytes, what);
    const pointer = memory.allocate(20, what);
    memory.i32.set([keys, values, shape.numKvHeads, shape.headDim, shape.blockSize], pointer / 4);
    return { layer, memory, shape, pointer };
  });
}

const roundUp4 = (n: number): number => Math.ceil(n / 4) * 4;
