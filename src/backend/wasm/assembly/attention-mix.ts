// mixed[row][d] += Σ_key weight[row][key] · value[key][d], one multiply-add after the other in the order of the keys.
// Kernels differ in how many such sums they run side by side, and read panels that lie far apart together: a processor
// fetches several far streams faster than one. The halves of a panel take the same steps, so that the engine can fuse the
// two; where it does, there are registers for twice as many sums.
import { is_wide } from './linear/state';
import { N2, N4 } from './linear/statics';
import { multiplyAdd } from './lib/vector';

/** Bytes of one slot in a panel: eight numbers. */
const SLOT: usize = 32;

/**
 * @param weights [rows rounded up to 4][rowBytes], from the first of the `count` keys
 * @param values [panels] panels, `panelBytes` apart, of eight numbers for each key
 * @param mixed [rows rounded up to 4][panels · 8]
 */
export function mixValues(
  weights: usize, rows: i32, rowBytes: usize, values: usize, panels: i32, panelBytes: usize, count: i32, mixed: usize,
): void {
  const bytes = <usize>count << 2;
  if (rows == 1) return mixRow(weights, values, panels, panelBytes, bytes, mixed);
  const mixedBytes = <usize>panels << 5;
  const half = panels >> 1;
  for (let panel = 0; panel < half; panel++) {
    const near = values + <usize>panel * panelBytes;
    const far = near + <usize>half * panelBytes;
    let w = weights;
    let to = mixed + (<usize>panel << 5);
    let row = 0;
    if (is_wide()) {
      for (; row + 2 < rows; row += 4) {
        mixTile<N4>(w, rowBytes, bytes, near, far, to, to + (<usize>half << 5), mixedBytes);
        w += rowBytes << 2;
        to += mixedBytes << 2;
      }
    }
    for (; row < rows; row += 2) {
      mixTile<N2>(w, rowBytes, bytes, near, far, to, to + (<usize>half << 5), mixedBytes);
      w += rowBytes << 1;
      to += mixedBytes << 1;
    }
  }
  if (panels & 1) {
    const last = panels - 1;
    for (let row = 0; row < rows; row += 2) {
      const w = weights + <usize>row * rowBytes;
      const to = mixed + <usize>row * mixedBytes + (<usize>last << 5);
      mix1x8(w, bytes, values + <usize>last * panelBytes, to);
      mix1x8(w + rowBytes, bytes, values + <usize>last * panelBytes, to + mixedBytes);
    }
  }
}

function mixRow(w: usize, values: usize, panels: i32, panelBytes: usize, bytes: usize, mixed: usize): void {
  const quarter = panels >> 2;
  for (let panel = 0; panel < quarter; panel++) {
    mix1x32(w, bytes, values + <usize>panel * panelBytes, <usize>quarter * panelBytes, mixed + (<usize>panel << 5), <usize>quarter << 5);
  }
  for (let panel = quarter << 2; panel < panels; panel++) {
    mix1x8(w, bytes, values + <usize>panel * panelBytes, mixed + (<usize>panel << 5));
  }
}

/** Two rows or four (`R`), two panels; each row's sums lie `mixedBytes` behind those of the row before. */
function mixTile<R>(
  w: usize, rowBytes: usize, bytes: usize, near: usize, far: usize, toNear: usize, toFar: usize, mixedBytes: usize,
): void {
  const near1 = toNear + mixedBytes, near2 = near1 + mixedBytes, near3 = near2 + mixedBytes;
  const far1 = toFar + mixedBytes, far2 = far1 + mixedBytes, far3 = far2 + mixedBytes;
  const zero = f32x4.splat(0);
  let a0 = v128.load(toNear), b0 = v128.load(toNear, 16), c0 = v128.load(toFar), d0 = v128.load(toFar, 16);
  let a1 = v128.load(near1), b1 = v128.load(near1, 16), c1 = v128.load(far1), d1 = v128.load(far1, 16);
  let a2 = zero, b2 = zero, c2 = zero, d2 = zero, a3 = zero, b3 = zero, c3 = zero, d3 = zero;
  if (offsetof<R>() > 2) {
    a2 = v128.load(near2); b2 = v128.load(near2, 16); c2 = v128.load(far2); d2 = v128.load(far2, 16);
    a3 = v128.load(near3); b3 = v128.load(near3, 16); c3 = v128.load(far3); d3 = v128.load(far3, 16);
  }
  let w1 = w + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
  for (const end = w + bytes; w < end; w += 4) {
    const a = v128.load(near), b = v128.load(near, 16), c = v128.load(far), d = v128.load(far, 16);
    let x = v128.load32_splat(w);
    a0 = multiplyAdd(x, a, a0); b0 = multiplyAdd(x, b, b0); c0 = multiplyAdd(x, c, c0); d0 = multiplyAdd(x, d, d0);
    x = v128.load32_splat(w1);
    a1 = multiplyAdd(x, a, a1); b1 = multiplyAdd(x, b, b1); c1 = multiplyAdd(x, c, c1); d1 = multiplyAdd(x, d, d1);
    w1 += 4;
    if (offsetof<R>() > 2) {
      x = v128.load32_splat(w2);
      a2 = multiplyAdd(x, a, a2); b2 = multiplyAdd(x, b, b2); c2 = multiplyAdd(x, c, c2); d2 = multiplyAdd(x, d, d2);
      x = v128.load32_splat(w3);
      a3 = multiplyAdd(x, a, a3); b3 = multiplyAdd(x, b, b3); c3 = multiplyAdd(x, c, c3); d3 = multiplyAdd(x, d, d3);
      w2 += 4;
      w3 += 4;
    }
    near += SLOT;
    far += SLOT;
  }
  v128.store(toNear, a0); v128.store(toNear, b0, 16); v128.store(toFar, c0); v128.store(toFar, d0, 16);
  v128.store(near1, a1); v128.store(near1, b1, 16); v128.store(far1, c1); v128.store(far1, d1, 16);
  if (offsetof<R>() > 2) {
    v128.store(near2, a2); v128.store(near2, b2, 16); v128.store(far2, c2); v128.store(far2, d2, 16);
    v128.store(near3, a3); v128.store(near3, b3, 16); v128.store(far3, c3); v128.store(far3, d3, 16);
  }
}

/** One row, four panels `stride` apart. */
function mix1x32(w: usize, bytes: usize, v0: usize, stride: usize, to: usize, toStride: usize): void {
  const v1 = v0 + stride, v2 = v1 + stride, v3 = v2 + stride;
  const t1 = to + toStride, t2 = t1 + toStride, t3 = t2 + toStride;
  let a = v128.load(to), b = v128.load(to, 16), c = v128.load(t1), d = v128.load(t1, 16);
  let e = v128.load(t2), f = v128.load(t2, 16), g = v128.load(t3), h = v128.load(t3, 16);
  let at: usize = 0;
  for (const end = w + bytes; w < end; w += 4) {
    const x = v128.load32_splat(w);
    a = multiplyAdd(x, v128.load(v0 + at), a);
    b = multiplyAdd(x, v128.load(v0 + at, 16), b);
    c = multiplyAdd(x, v128.load(v1 + at), c);
    d = multiplyAdd(x, v128.load(v1 + at, 16), d);
    e = multiplyAdd(x, v128.load(v2 + at), e);
    f = multiplyAdd(x, v128.load(v2 + at, 16), f);
    g = multiplyAdd(x, v128.load(v3 + at), g);
    h = multiplyAdd(x, v128.load(v3 + at, 16), h);
    at += SLOT;
  }
  v128.store(to, a);
  v128.store(to, b, 16);
  v128.store(t1, c);
  v128.store(t1, d, 16);
  v128.store(t2, e);
  v128.store(t2, f, 16);
  v128.store(t3, g);
  v128.store(t3, h, 16);
}

function mix1x8(w: usize, bytes: usize, values: usize, to: usize): void {
  let a = v128.load(to), b = v128.load(to, 16);
  for (const end = w + bytes; w < end; w += 4) {
    const x = v128.load32_splat(w);
    a = multiplyAdd(x, v128.load(values), a);
    b = multiplyAdd(x, v128.load(values, 16), b);
    values += SLOT;
  }
  v128.store(to, a);
  v128.store(to, b, 16);
}
