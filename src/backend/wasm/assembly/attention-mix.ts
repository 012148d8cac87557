// mixed[row][d] += Σ_key weight[row][key] · value[key][d], one multiply-add after the other in the order of the keys.
// Kernels differ in how many such sums they run side by side: 4 rows × 8 numbers, 4 × 4, 1 × 32, 1 × 4.
import { multiplyAdd } from './lib/vector';

/**
 * @param weights [rows][rowBytes], from the first of the `count` keys
 * @param values [count][valueBytes]
 * @param mixed [rows rounded up to 4][valueBytes]
 */
export function mixValues(
  weights: usize, rows: i32, rowBytes: usize, values: usize, count: i32, mixed: usize, valueBytes: usize,
): void {
  for (; rows > 0; rows -= 4) {
    if (rows > 2) {
      let at: usize = 0;
      for (; at + 32 <= valueBytes; at += 32) mix4x8(weights, rowBytes, values + at, count, mixed + at, valueBytes);
      if (at < valueBytes) mix4x4(weights, rowBytes, values + at, count, mixed + at, valueBytes);
    } else {
      for (let row = 0; row < rows; row++) {
        const from = weights + <usize>row * rowBytes;
        const to = mixed + <usize>row * valueBytes;
        let at: usize = 0;
        for (; at + 128 <= valueBytes; at += 128) mix1x32(from, values + at, count, to + at, valueBytes);
        for (; at < valueBytes; at += 16) mix1x4(from, values + at, count, to + at, valueBytes);
      }
    }
    weights += rowBytes << 2;
    mixed += valueBytes << 2;
  }
}

function mix4x8(w: usize, rowBytes: usize, values: usize, count: i32, mixed: usize, valueBytes: usize): void {
  const m1 = mixed + valueBytes, m2 = m1 + valueBytes, m3 = m2 + valueBytes;
  let a0 = v128.load(mixed), b0 = v128.load(mixed, 16), a1 = v128.load(m1), b1 = v128.load(m1, 16);
  let a2 = v128.load(m2), b2 = v128.load(m2, 16), a3 = v128.load(m3), b3 = v128.load(m3, 16);
  const w1 = rowBytes, w2 = rowBytes << 1, w3 = w2 + rowBytes;
  for (const end = w + (<usize>count << 2); w < end; w += 4) {
    const a = v128.load(values);
    const b = v128.load(values, 16);
    let x = v128.load32_splat(w);
    a0 = multiplyAdd(x, a, a0);
    b0 = multiplyAdd(x, b, b0);
    x = v128.load32_splat(w + w1);
    a1 = multiplyAdd(x, a, a1);
    b1 = multiplyAdd(x, b, b1);
    x = v128.load32_splat(w + w2);
    a2 = multiplyAdd(x, a, a2);
    b2 = multiplyAdd(x, b, b2);
    x = v128.load32_splat(w + w3);
    a3 = multiplyAdd(x, a, a3);
    b3 = multiplyAdd(x, b, b3);
    values += valueBytes;
  }
  v128.store(mixed, a0);
  v128.store(mixed, b0, 16);
  v128.store(m1, a1);
  v128.store(m1, b1, 16);
  v128.store(m2, a2);
  v128.store(m2, b2, 16);
  v128.store(m3, a3);
  v128.store(m3, b3, 16);
}

function mix4x4(w: usize, rowBytes: usize, values: usize, count: i32, mixed: usize, valueBytes: usize): void {
  const m1 = mixed + valueBytes, m2 = m1 + valueBytes, m3 = m2 + valueBytes;
  let a0 = v128.load(mixed), a1 = v128.load(m1), a2 = v128.load(m2), a3 = v128.load(m3);
  const w1 = rowBytes, w2 = rowBytes << 1, w3 = w2 + rowBytes;
  for (const end = w + (<usize>count << 2); w < end; w += 4) {
    const a = v128.load(values);
    a0 = multiplyAdd(v128.load32_splat(w), a, a0);
    a1 = multiplyAdd(v128.load32_splat(w + w1), a, a1);
    a2 = multiplyAdd(v128.load32_splat(w + w2), a, a2);
    a3 = multiplyAdd(v128.load32_splat(w + w3), a, a3);
    values += valueBytes;
  }
  v128.store(mixed, a0);
  v128.store(m1, a1);
  v128.store(m2, a2);
  v128.store(m3, a3);
}

function mix1x32(w: usize, values: usize, count: i32, mixed: usize, valueBytes: usize): void {
  let a = v128.load(mixed), b = v128.load(mixed, 16), c = v128.load(mixed, 32), d = v128.load(mixed, 48);
  let e = v128.load(mixed, 64), f = v128.load(mixed, 80), g = v128.load(mixed, 96), h = v128.load(mixed, 112);
  for (const end = w + (<usize>count << 2); w < end; w += 4) {
    const x = v128.load32_splat(w);
    a = multiplyAdd(x, v128.load(values), a);
    b = multiplyAdd(x, v128.load(values, 16), b);
    c = multiplyAdd(x, v128.load(values, 32), c);
    d = multiplyAdd(x, v128.load(values, 48), d);
    e = multiplyAdd(x, v128.load(values, 64), e);
    f = multiplyAdd(x, v128.load(values, 80), f);
    g = multiplyAdd(x, v128.load(values, 96), g);
    h = multiplyAdd(x, v128.load(values, 112), h);
    values += valueBytes;
  }
  v128.store(mixed, a);
  v128.store(mixed, b, 16);
  v128.store(mixed, c, 32);
  v128.store(mixed, d, 48);
  v128.store(mixed, e, 64);
  v128.store(mixed, f, 80);
  v128.store(mixed, g, 96);
  v128.store(mixed, h, 112);
}

function mix1x4(w: usize, values: usize, count: i32, mixed: usize, valueBytes: usize): void {
  let a = v128.load(mixed);
  for (const end = w + (<usize>count << 2); w < end; w += 4) {
    a = multiplyAdd(v128.load32_splat(w), v128.load(values), a);
    values += valueBytes;
  }
  v128.store(mixed, a);
}
