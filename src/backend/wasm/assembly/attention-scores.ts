// score[row][key] = Σ_d query[row][d] · key[d], one multiply-add after the other from d = 0.
// Kernels differ in how many such sums they run side by side, and read groups of keys that lie far apart together: a
// processor fetches several far streams faster than one.
import { multiplyAdd } from './lib/vector';

/**
 * @param queries [rows / 4][headDim][4], zeros where rows end inside a block
 * @param keys [groups][headDim][4]
 * @param scores [rows rounded up to 4][rowBytes]
 */
export function scoreKeys(
  queries: usize, rows: i32, keys: usize, groups: i32, groupBytes: usize, scores: usize, rowBytes: usize,
): void {
  for (; rows > 0; rows -= 4) {
    if (rows > 2) {
      const half = groups >> 1;
      const far = <usize>half * groupBytes;
      for (let g = 0; g < half; g++) {
        const to = scores + (<usize>g << 4);
        score4x8(queries, keys + <usize>g * groupBytes, groupBytes, far, to, to + (<usize>half << 4), rowBytes);
      }
      const last = groups - 1;
      if (groups & 1) score4x4(queries, keys + <usize>last * groupBytes, groupBytes, scores + (<usize>last << 4), rowBytes);
    } else {
      for (let row = 0; row < rows; row++) {
        const query = queries + (<usize>row << 2);
        const to = scores + <usize>row * rowBytes;
        const quarter = groups >> 2;
        for (let g = 0; g < quarter; g++) score1x16(query, keys + <usize>g * groupBytes, groupBytes, quarter, to + (<usize>g << 4));
        for (let g = quarter << 2; g < groups; g++) score1x4(query, keys + <usize>g * groupBytes, groupBytes, to + (<usize>g << 4));
      }
    }
    queries += groupBytes;
    scores += rowBytes << 2;
  }
}

/** Four rows, two groups of keys `far` bytes apart. */
function score4x8(
  q: usize, keys: usize, groupBytes: usize, far: usize, out: usize, outFar: usize, rowBytes: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (const end = keys + groupBytes; keys < end; keys += 16) {
    const a = v128.load(keys);
    const b = v128.load(keys + far);
    let x = v128.load32_splat(q);
    a0 = multiplyAdd(x, a, a0);
    b0 = multiplyAdd(x, b, b0);
    x = v128.load32_splat(q, 4);
    a1 = multiplyAdd(x, a, a1);
    b1 = multiplyAdd(x, b, b1);
    x = v128.load32_splat(q, 8);
    a2 = multiplyAdd(x, a, a2);
    b2 = multiplyAdd(x, b, b2);
    x = v128.load32_splat(q, 12);
    a3 = multiplyAdd(x, a, a3);
    b3 = multiplyAdd(x, b, b3);
    q += 16;
  }
  v128.store(out, a0);
  v128.store(outFar, b0);
  out += rowBytes;
  outFar += rowBytes;
  v128.store(out, a1);
  v128.store(outFar, b1);
  out += rowBytes;
  outFar += rowBytes;
  v128.store(out, a2);
  v128.store(outFar, b2);
  out += rowBytes;
  outFar += rowBytes;
  v128.store(out, a3);
  v128.store(outFar, b3);
}

function score4x4(q: usize, keys: usize, groupBytes: usize, out: usize, rowBytes: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  for (const end = keys + groupBytes; keys < end; keys += 16) {
    const a = v128.load(keys);
    a0 = multiplyAdd(v128.load32_splat(q), a, a0);
    a1 = multiplyAdd(v128.load32_splat(q, 4), a, a1);
    a2 = multiplyAdd(v128.load32_splat(q, 8), a, a2);
    a3 = multiplyAdd(v128.load32_splat(q, 12), a, a3);
    q += 16;
  }
  v128.store(out, a0);
  v128.store(out + rowBytes, a1);
  v128.store(out + 2 * rowBytes, a2);
  v128.store(out + 3 * rowBytes, a3);
}

/** One row, four groups of keys `stride` groups apart. */
function score1x16(q: usize, keys: usize, groupBytes: usize, stride: i32, out: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  const k1 = <usize>stride * groupBytes, k2 = k1 << 1, k3 = k1 + k2;
  for (const end = keys + groupBytes; keys < end; keys += 16) {
    const x = v128.load32_splat(q);
    a = multiplyAdd(x, v128.load(keys), a);
    b = multiplyAdd(x, v128.load(keys + k1), b);
    c = multiplyAdd(x, v128.load(keys + k2), c);
    d = multiplyAdd(x, v128.load(keys + k3), d);
    q += 16;
  }
  const to = <usize>stride << 4;
  v128.store(out, a);
  v128.store(out + to, b);
  v128.store(out + 2 * to, c);
  v128.store(out + 3 * to, d);
}

function score1x4(q: usize, keys: usize, groupBytes: usize, out: usize): void {
  let a = f32x4.splat(0);
  for (const end = keys + groupBytes; keys < end; keys += 16) {
    a = multiplyAdd(v128.load32_splat(q), v128.load(keys), a);
    q += 16;
  }
  v128.store(out, a);
}
