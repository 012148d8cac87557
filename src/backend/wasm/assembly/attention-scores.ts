// score[row][key] = Σ_d query[row][d] · key[d], one multiply-add after the other from d = 0.
// Kernels differ in how many such sums they run side by side, and read groups of keys that lie far apart together: a
// processor fetches several far streams faster than one. The halves of a group take the same steps, so that the engine can
// fuse the two; where it does, there are registers for twice as many sums.
import { is_wide } from './linear/state';
import { N1, N2 } from './linear/statics';
import { multiplyAdd } from './lib/vector';

/** Bytes of a group's eight numbers. */
const GROUP: usize = 32;

/**
 * @param queries [rows / 4][headDim][4], zeros where rows end inside a block
 * @param keys [groups][headDim][8]
 * @param scores [rows rounded up to 4][rowBytes]
 */
export function scoreKeys(
  queries: usize, rows: i32, keys: usize, groups: i32, groupBytes: usize, scores: usize, rowBytes: usize,
): void {
  for (; rows > 0; rows -= 4) {
    if (rows > 2) scoreFourRows(queries, keys, groups, groupBytes, scores, rowBytes);
    else {
      scoreRow(queries, keys, groups, groupBytes, scores);
      if (rows == 2) scoreRow(queries + 4, keys, groups, groupBytes, scores + rowBytes);
    }
    queries += groupBytes >> 1;
    scores += rowBytes << 2;
  }
}

function scoreFourRows(queries: usize, keys: usize, groups: i32, groupBytes: usize, scores: usize, rowBytes: usize): void {
  let group = 0;
  if (is_wide()) {
    const half = groups >> 1;
    const far = <usize>half * groupBytes;
    for (; group < half; group++) {
      const to = scores + <usize>group * GROUP;
      scoreTile<N2>(queries, keys + <usize>group * groupBytes, groupBytes, far, to, to + <usize>half * GROUP, rowBytes);
    }
    group += half;
  }
  for (; group < groups; group++) {
    scoreTile<N1>(queries, keys + <usize>group * groupBytes, groupBytes, 0, scores + <usize>group * GROUP, 0, rowBytes);
  }
}

function scoreRow(query: usize, keys: usize, groups: i32, groupBytes: usize, scores: usize): void {
  const quarter = groups >> 2;
  let group = 0;
  for (; group < quarter; group++) {
    score1x32(query, keys + <usize>group * groupBytes, groupBytes, quarter, scores + <usize>group * GROUP);
  }
  for (group = quarter << 2; group < groups; group++) {
    score1x8(query, keys + <usize>group * groupBytes, groupBytes, scores + <usize>group * GROUP);
  }
}

/** Four rows, one group of keys or (`G`) two that lie `far` bytes apart. */
function scoreTile<G>(
  q: usize, keys: usize, groupBytes: usize, far: usize, out: usize, outFar: usize, rowBytes: usize,
): void {
  const zero = f32x4.splat(0);
  let a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
  let c0 = zero, c1 = zero, c2 = zero, c3 = zero, d0 = zero, d1 = zero, d2 = zero, d3 = zero;
  for (const end = keys + groupBytes; keys < end; keys += GROUP) {
    const a = v128.load(keys), b = v128.load(keys, 16);
    let c = zero, d = zero;
    if (offsetof<G>() > 1) { c = v128.load(keys + far); d = v128.load(keys + far, 16); }
    let x = v128.load32_splat(q);
    a0 = multiplyAdd(x, a, a0); b0 = multiplyAdd(x, b, b0);
    if (offsetof<G>() > 1) { c0 = multiplyAdd(x, c, c0); d0 = multiplyAdd(x, d, d0); }
    x = v128.load32_splat(q, 4);
    a1 = multiplyAdd(x, a, a1); b1 = multiplyAdd(x, b, b1);
    if (offsetof<G>() > 1) { c1 = multiplyAdd(x, c, c1); d1 = multiplyAdd(x, d, d1); }
    x = v128.load32_splat(q, 8);
    a2 = multiplyAdd(x, a, a2); b2 = multiplyAdd(x, b, b2);
    if (offsetof<G>() > 1) { c2 = multiplyAdd(x, c, c2); d2 = multiplyAdd(x, d, d2); }
    x = v128.load32_splat(q, 12);
    a3 = multiplyAdd(x, a, a3); b3 = multiplyAdd(x, b, b3);
    if (offsetof<G>() > 1) { c3 = multiplyAdd(x, c, c3); d3 = multiplyAdd(x, d, d3); }
    q += 16;
  }
  storeFour(out, rowBytes, a0, b0, a1, b1, a2, b2, a3, b3);
  if (offsetof<G>() > 1) storeFour(outFar, rowBytes, c0, d0, c1, d1, c2, d2, c3, d3);
}

// @ts-ignore: decorator
@inline
function storeFour(
  out: usize, rowBytes: usize, a0: v128, b0: v128, a1: v128, b1: v128, a2: v128, b2: v128, a3: v128, b3: v128,
): void {
  const second = out + rowBytes, third = second + rowBytes, fourth = third + rowBytes;
  v128.store(out, a0);
  v128.store(out, b0, 16);
  v128.store(second, a1);
  v128.store(second, b1, 16);
  v128.store(third, a2);
  v128.store(third, b2, 16);
  v128.store(fourth, a3);
  v128.store(fourth, b3, 16);
}

/** One row, four groups of keys `stride` groups apart. */
function score1x32(q: usize, keys: usize, groupBytes: usize, stride: i32, out: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  const k1 = <usize>stride * groupBytes, k2 = k1 << 1, k3 = k1 + k2;
  for (const end = keys + groupBytes; keys < end; keys += GROUP) {
    const x = v128.load32_splat(q);
    a0 = multiplyAdd(x, v128.load(keys), a0);
    b0 = multiplyAdd(x, v128.load(keys, 16), b0);
    a1 = multiplyAdd(x, v128.load(keys + k1), a1);
    b1 = multiplyAdd(x, v128.load(keys + k1, 16), b1);
    a2 = multiplyAdd(x, v128.load(keys + k2), a2);
    b2 = multiplyAdd(x, v128.load(keys + k2, 16), b2);
    a3 = multiplyAdd(x, v128.load(keys + k3), a3);
    b3 = multiplyAdd(x, v128.load(keys + k3, 16), b3);
    q += 16;
  }
  storeFour(out, <usize>stride * GROUP, a0, b0, a1, b1, a2, b2, a3, b3);
}

function score1x8(q: usize, keys: usize, groupBytes: usize, out: usize): void {
  let a = f32x4.splat(0), b = a;
  for (const end = keys + groupBytes; keys < end; keys += GROUP) {
    const x = v128.load32_splat(q);
    a = multiplyAdd(x, v128.load(keys), a);
    b = multiplyAdd(x, v128.load(keys, 16), b);
    q += 16;
  }
  v128.store(out, a);
  v128.store(out, b, 16);
}
