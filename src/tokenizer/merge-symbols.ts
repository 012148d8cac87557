import type { PairTable } from './pair-table.ts';

/** Which neighbours become one. */
export interface MergeRules {
  /** (left id, right id) → index of a rule, or -1. */
  readonly pairs: Pick<PairTable, 'get'>;
  /** The order of each rule: the smallest is applied first, the leftmost among equals. */
  readonly ranks: Int32Array;
  /** The id that each rule makes. */
  readonly results: Int32Array;
}

// A heap entry is rank · POSITIONS + position in one float64, so that comparing numbers compares both.
const POSITIONS = 2 ** 31;
const NO_RULE = -1;

/**
 * Byte-pair encoding of one piece: applies the best rule anywhere until none applies, in O(n log n): neighbours in a
 * linked list, candidates in a heap, outdated candidates recognised when they surface.
 *
 * Sennrich et al. 2016, arXiv:1508.07909, §3.2.
 *
 * @param symbols ids of the smallest parts; overwritten. Negative ids take part in no rule
 * @returns how many ids are left at the front of `symbols`
 */
export function mergeSymbols(symbols: Int32Array, rules: MergeRules): number {
  const length = symbols.length;
  if (length < 2) return length;

  const next = new Int32Array(length);
  const previous = new Int32Array(length);
  const rule = new Int32Array(length).fill(NO_RULE); // of the pair that starts at each position
  // Every merge adds two candidates at most and there are fewer than `length` merges.
  const heap = new CandidateHeap(length * 3);

  const consider = (left: number, right: number): void => {
    const a = symbols[left]!;
    const b = symbols[right]!;
    const index = a < 0 || b < 0 ? NO_RULE : rules.pairs.get(a, b);
    rule[left] = index;
    if (index !== NO_RULE) heap.push(rules.ranks[index]! * POSITIONS + left);
  };

  for (let i = 0; i < length; i++) {
    next[i] = i + 1;
    previous[i] = i - 1;
    if (i + 1 < length) consider(i, i + 1);
  }

  while (heap.size > 0) {
    const candidate = heap.pop();
    const rank = Math.floor(candidate / POSITIONS);
    const left = candidate - rank * POSITIONS;
    const index = rule[left]!;
    if (index === NO_RULE || rules.ranks[index] !== rank) continue;

    const right = next[left]!;
    const after = next[right]!;
    symbols[left] = rules.results[index]!;
    rule[left] = rule[right] = NO_RULE;
    next[left] = after;
    if (after < length) {
      previous[after] = left;
      consider(left, after);
    }
    if (left > 0) consider(previous[left]!, left);
  }

  let count = 0;
  for (let i = 0; i < length; i = next[i]!) symbols[count++] = symbols[i]!;
  return count;
}

/** A heap of numbers, smallest first, of fixed capacity. Four children each: fewer levels, and they share a cache line. */
class CandidateHeap {
  size = 0;
  private readonly items: Float64Array;

  constructor(capacity: number) {
    this.items = new Float64Array(capacity);
  }

  push(item: number): void {
    const { items } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 2;
      if (items[parent]! <= item) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): number {
    const { items } = this;
    const top = items[0]!;
    const size = --this.size;
    const item = items[size]!;
    let at = 0;
    for (let first = 1; first < size; first = at * 4 + 1) {
      let least = first;
      const end = Math.min(first + 4, size);
      for (let child = first + 1; child < end; child++) if (items[child]! < items[least]!) least = child;
      if (items[least]! >= item) break;
      items[at] = items[least]!;
      at = least;
    }
    items[at] = item;
    return top;
  }
}
