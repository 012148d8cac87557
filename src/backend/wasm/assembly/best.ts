// best: the largest logits of each row, largest first; of equals the lower id first, NaN before every number.
//
//   scanBest    a chunk is a part of a row: its largest go, sorted, into a list of the part's own
//   mergeBest   a chunk is a row: the lists of its parts become ids [count], then their logits [count], both f32
//   order       exact whatever the parts: nothing is computed, only compared
//   launcher    ../kernels/best.ts

import { BestArguments } from './lib/structs';

/** A float's bits, once the negative ones are turned around, order like the float. All NaN are the largest, -0 equals 0. */
// @ts-ignore: decorator
@inline
function keyOf(logit: f32): i32 {
  if (logit != logit) return i32.MAX_VALUE;
  const bits = reinterpret<i32>(logit + 0); // -0 + 0 = 0
  return bits >= 0 ? bits : bits ^ 0x7fffffff;
}

// @ts-ignore: decorator
@inline
function floatOf(key: i32): f32 {
  return reinterpret<f32>(key >= 0 ? key : key ^ 0x7fffffff);
}

/** Puts an entry behind those at least as large; the list has room for it. An entry is a key, then an id. */
function insert(list: usize, size: i32, key: i32, id: i32): void {
  let at = list + (<usize>size << 3);
  while (at > list && load<i32>(at - 8) < key) {
    store<i64>(at, load<i64>(at - 8));
    at -= 8;
  }
  store<i32>(at, key);
  store<i32>(at, id, 4);
}

/** Entries in the list of a part: fewer than wanted where it has fewer columns. */
// @ts-ignore: decorator
@inline
function keptOf(a: BestArguments, part: i32): i32 {
  return min(a.count, min(a.columnsPerPart, a.limit - part * a.columnsPerPart));
}

export function scanBest(args: usize, chunk: i32): void {
  const a = changetype<BestArguments>(args);
  const row = chunk / a.parts;
  const part = chunk % a.parts;
  const start = part * a.columnsPerPart;
  const end = min(start + a.columnsPerPart, a.limit);
  const logits = a.logits + <usize>row * (<usize>a.vocab << 2);
  const list = a.lists + <usize>chunk * (<usize>a.count << 3);
  const kept = keptOf(a, part);

  let id = start;
  for (; id < start + kept; id++) insert(list, id - start, keyOf(load<f32>(logits + (<usize>id << 2))), id);

  let worst = load<i32>(list + (<usize>(kept - 1) << 3));
  let bound = f32x4.splat(floatOf(worst));
  while (id < end) {
    // Most numbers are below the worst that is kept. A NaN is not: it compares with nothing.
    if (id + 4 <= end && i32x4.all_true(f32x4.le(v128.load(logits + (<usize>id << 2)), bound))) {
      id += 4;
      continue;
    }
    const last = min(id + 4, end);
    for (; id < last; id++) {
      const key = keyOf(load<f32>(logits + (<usize>id << 2)));
      if (key <= worst) continue;
      insert(list, kept - 1, key, id);
      worst = load<i32>(list + (<usize>(kept - 1) << 3));
    }
    bound = f32x4.splat(floatOf(worst));
  }
}

export function mergeBest(args: usize, row: i32): void {
  const a = changetype<BestArguments>(args);
  const listBytes = <usize>a.count << 3;
  const lists = a.lists + <usize>row * <usize>a.parts * listBytes;
  const taken = a.taken + <usize>row * (<usize>a.parts << 2);
  const logits = a.logits + <usize>row * (<usize>a.vocab << 2);
  const ids = a.out + <usize>row * (<usize>a.count << 3);
  const values = ids + (<usize>a.count << 2);
  memory.fill(taken, 0, <usize>a.parts << 2);

  for (let i: usize = 0; i < <usize>a.count; i++) {
    let from = -1;
    let largest = i32.MIN_VALUE;
    for (let part = 0; part < a.parts; part++) {
      const next = load<i32>(taken + (<usize>part << 2));
      if (next == keptOf(a, part)) continue;
      const key = load<i32>(lists + <usize>part * listBytes + (<usize>next << 3));
      if (from >= 0 && key <= largest) continue;
      from = part;
      largest = key;
    }
    const next = load<i32>(taken + (<usize>from << 2));
    const id = load<i32>(lists + <usize>from * listBytes + (<usize>next << 3), 4);
    store<i32>(taken + (<usize>from << 2), next + 1);
    store<f32>(ids + (i << 2), <f32>id);
    store<f32>(values + (i << 2), load<f32>(logits + (<usize>id << 2)));
  }
}
