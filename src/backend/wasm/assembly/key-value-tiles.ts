// The cache of a layer is made of tiles: the keys, or the values, of one block and one key head.
//
//   keys    [slot / 8][headDim][slot mod 8]      eight keys side by side: scores need no horizontal sum
//   values  [headDim / 8][slot][8]               panels of eight numbers: what is mixed together lies together
//
// f32, f16 and q8_0 tiles have this order; q8_0 scales follow as f16, [headDim / 32][slots rounded up to 8]. Kernels compute
// with f32: other tiles are widened on the way into scratch memory, where they stay in the nearest cache.
import { KV_F16, KV_F32, KV_Q8_0 } from '../kv-dtypes';
import { narrowToHalf, widenHalves } from './lib/half';
import { KvLayer } from './lib/structs';
import { dequantizeKeys, dequantizeValues, quantizeHead } from './q8-tiles';

// @ts-ignore: decorator
@inline
export function panelsOf(headDim: i32): i32 {
  return (headDim + 7) >> 3;
}

// @ts-ignore: decorator
@inline
function keyTile(cache: KvLayer, block: i32, head: i32): usize {
  return cache.keys + (<usize>block * <usize>cache.numKvHeads + <usize>head) * <usize>cache.keyTileBytes;
}

// @ts-ignore: decorator
@inline
function valueTile(cache: KvLayer, block: i32, head: i32): usize {
  return cache.values + (<usize>block * <usize>cache.numKvHeads + <usize>head) * <usize>cache.valueTileBytes;
}

/** Groups [first, first + count) of eight keys as f32. `scratch` has room for a tile. @returns where the first lies */
export function keyGroups(cache: KvLayer, block: i32, head: i32, first: i32, count: i32, scratch: usize): usize {
  const tile = keyTile(cache, block, head);
  const skipped = <usize>(first * cache.headDim) << 3;
  if (cache.dtype == KV_F32) return tile + (skipped << 2);
  if (cache.dtype == KV_F16) widen(tile + (skipped << 1), scratch, (count * cache.headDim) << 3);
  else dequantizeKeys(cache, tile, first, count, scratch);
  return scratch;
}

/** Slots [first, first + count) of all panels as f32, in panels of `blockSize` slots. @returns where the first slot lies */
export function valueSlots(cache: KvLayer, block: i32, head: i32, first: i32, count: i32, scratch: usize): usize {
  const tile = valueTile(cache, block, head);
  const skipped = <usize>first << 5;
  if (cache.dtype == KV_F32) return tile + skipped;
  if (cache.dtype == KV_F16) {
    const slots = <usize>cache.blockSize << 3; // numbers of a panel
    for (let panel: usize = 0; panel < <usize>panelsOf(cache.headDim); panel++) {
      const at = panel * slots + (<usize>first << 3);
      widen(tile + (at << 1), scratch + (at << 2), count << 3);
    }
  } else {
    dequantizeValues(cache, tile, first, count, scratch);
  }
  return scratch + skipped;
}

/** `count` halves, a multiple of 4, to floats. */
function widen(from: usize, to: usize, count: i32): void {
  const end = from + (<usize>count << 1);
  for (; from + 16 <= end; from += 16, to += 32) {
    const halves = v128.load(from);
    v128.store(to, widenHalves(i32x4.extend_low_i16x8_s(halves)));
    v128.store(to, widenHalves(i32x4.extend_high_i16x8_s(halves)), 16);
  }
  if (from < end) v128.store(to, widenHalves(v128.load16x4_s(from)));
}

/** Puts a head's key and value [headDim] f32 into a slot of a block. */
export function storeKeyValue(cache: KvLayer, block: i32, slot: i32, head: i32, key: usize, value: usize): void {
  const headDim = cache.headDim;
  const keys = keyTile(cache, block, head);
  const values = valueTile(cache, block, head);
  if (cache.dtype == KV_Q8_0) return quantizeHead(cache, keys, values, slot, key, value);
  const size: usize = cache.dtype == KV_F16 ? 1 : 2; // log2 of a number's bytes
  const firstKey = <usize>((slot >> 3) * (headDim << 3) + (slot & 7));
  for (let d = 0; d < headDim; d++) {
    const panel = <usize>(d >> 3) * <usize>(cache.blockSize << 3);
    put(size, keys + ((firstKey + (<usize>d << 3)) << size), f32.load(key + (<usize>d << 2)));
    put(size, values + ((panel + <usize>((slot << 3) + (d & 7))) << size), f32.load(value + (<usize>d << 2)));
  }
}

// @ts-ignore: decorator
@inline
function put(size: usize, at: usize, number: f32): void {
  if (size == 1) store<u16>(at, narrowToHalf(number));
  else f32.store(at, number);
}
