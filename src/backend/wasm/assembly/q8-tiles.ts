// Tiles of a q8_0 cache: ggml's q8_0, whose blocks are 32 values of a head. key-value-tiles.ts has the layout.
import { narrowToHalf, widenHalves } from './lib/half';
import { KvLayer } from './lib/structs';

// @ts-ignore: decorator
@inline
function slotsRoundedUp(cache: KvLayer): i32 {
  return (cache.blockSize + 7) & ~7;
}

/** Scales of a key tile's or a value tile's block `part` of 32 values: [slots rounded up to 8] f16. */
// @ts-ignore: decorator
@inline
function keyScales(cache: KvLayer, tile: usize, part: i32): usize {
  const slots = slotsRoundedUp(cache);
  return tile + <usize>(slots * cache.headDim) + (<usize>(part * slots) << 1);
}

// @ts-ignore: decorator
@inline
function valueScales(cache: KvLayer, tile: usize, part: i32): usize {
  return tile + <usize>(cache.blockSize * cache.headDim) + (<usize>(part * slotsRoundedUp(cache)) << 1);
}

/** Groups [first, first + count) of eight keys to f32 at `to`. */
export function dequantizeKeys(cache: KvLayer, tile: usize, first: i32, count: i32, to: usize): void {
  const parts = cache.headDim >> 5;
  let from = tile + (<usize>(first * cache.headDim) << 3);
  for (let group = first; group < first + count; group++) {
    for (let part = 0; part < parts; part++) {
      const scales = keyScales(cache, tile, part) + (<usize>group << 4);
      const low = widenHalves(v128.load16x4_s(scales)), high = widenHalves(v128.load16x4_s(scales, 8));
      for (const end = from + 256; from < end; from += 8, to += 32) {
        const quants = v128.load8x8_s(from);
        v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(quants)), low));
        v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(quants)), high), 16);
      }
    }
  }
}

/** Slots [first, first + count) of all panels to f32, panels of `blockSize` slots at `to`; behind them lie scales for a while. */
export function dequantizeValues(cache: KvLayer, tile: usize, first: i32, count: i32, to: usize): void {
  const slots = slotsRoundedUp(cache);
  const panel = <usize>cache.blockSize << 3;
  const scales = to + ((<usize>(cache.headDim >> 3) * panel) << 2);
  const last = first + count;
  for (let part = 0; part < cache.headDim >> 5; part++) {
    const halves = valueScales(cache, tile, part);
    for (let slot = 0; slot < slots; slot += 4) {
      v128.store(scales + (<usize>slot << 2), widenHalves(v128.load16x4_s(halves + (<usize>slot << 1))));
    }
    for (let i = part << 2; i < (part + 1) << 2; i++) {
      for (let slot = first; slot < last; slot++) {
        const at = <usize>i * panel + (<usize>slot << 3);
        const quants = v128.load8x8_s(tile + at);
        const scale = v128.load32_splat(scales + (<usize>slot << 2));
        v128.store(to + (at << 2), f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(quants)), scale));
        v128.store(to + (at << 2), f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(quants)), scale), 16);
      }
    }
  }
}

/** A head's key and value [headDim] f32 into a slot of their tiles. */
export function quantizeHead(cache: KvLayer, keys: usize, values: usize, slot: i32, key: usize, value: usize): void {
  const panel = <usize>cache.blockSize << 3;
  const keyAt = keys + <usize>((slot >> 3) * (cache.headDim << 3) + (slot & 7));
  const valueAt = values + (<usize>slot << 3);
  for (let part = 0; part < cache.headDim >> 5; part++) {
    const inverseOfKey = storeScale(key, keyScales(cache, keys, part) + (<usize>slot << 1));
    const inverseOfValue = storeScale(value, valueScales(cache, values, part) + (<usize>slot << 1));
    for (let i = 0; i < 32; i++) {
      const d = (part << 5) + i;
      store<i8>(keyAt + (<usize>d << 3), roundHalfAway(f32.load(key) * inverseOfKey));
      store<i8>(valueAt + <usize>(d >> 3) * panel + <usize>(d & 7), roundHalfAway(f32.load(value) * inverseOfValue));
      key += 4;
      value += 4;
    }
  }
}

/** The largest of 32 magnitudes becomes 127. @returns 1 / scale, as ggml has it: before the scale is rounded to a half */
function storeScale(x: usize, at: usize): f32 {
  let largest: f32 = 0;
  for (let i: usize = 0; i < 128; i += 4) largest = max<f32>(largest, abs<f32>(f32.load(x + i)));
  const scale = largest / 127;
  store<u16>(at, narrowToHalf(scale));
  return scale == 0 ? 0 : <f32>1 / scale;
}

/** C's roundf. In f64, where adding a half is exact. */
// @ts-ignore: decorator
@inline
function roundHalfAway(value: f32): i8 {
  return <i8>(<i32>trunc<f64>(<f64>value + copysign<f64>(0.5, <f64>value)));
}
