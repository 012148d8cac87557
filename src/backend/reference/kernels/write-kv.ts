/**
 * cache[slots[t]] = rows[t]
 *
 * @param cache [slots, width]: the keys or the values of a layer
 * @param rows [tokens, width]
 * @param slots [tokens]
 */
export function writeKv(cache: Float32Array, rows: Float32Array, slots: Int32Array): void {
  const width = rows.length / slots.length;
  for (let t = 0; t < slots.length; t++) cache.set(rows.subarray(t * width, (t + 1) * width), slots[t]! * width);
}
