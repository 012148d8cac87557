// The cache of a layer is made of tiles: the keys, or the values, of one block and one key head.
//
//   keys    [slot / 4][headDim][slot mod 4]      four keys side by side: scores need no horizontal sum
//   values  [headDim / 8][slot][8]               panels of eight numbers: what is mixed together lies together
import { KvLayer } from './lib/structs';

// @ts-ignore: decorator
@inline
export function panelsOf(headDim: i32): i32 {
  return (headDim + 7) >> 3;
}

// @ts-ignore: decorator
@inline
export function keyTile(cache: KvLayer, block: i32, head: i32): usize {
  return cache.keys + (<usize>block * <usize>cache.numKvHeads + <usize>head) * <usize>cache.keyTileBytes;
}

// @ts-ignore: decorator
@inline
export function valueTile(cache: KvLayer, block: i32, head: i32): usize {
  return cache.values + (<usize>block * <usize>cache.numKvHeads + <usize>head) * <usize>cache.valueTileBytes;
}
