import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeSymbols, type MergeRules } from '../../src/tokenizer/merge-symbols.ts';
import { PairTable } from '../../src/tokenizer/pair-table.ts';

interface Rule {
  readonly left: number;
  readonly right: number;
  readonly rank: number;
  readonly result: number;
}

function rulesOf(list: readonly Rule[]): MergeRules {
  const pairs = new PairTable(list.length);
  list.forEach(({ left, right }, index) => pairs.set(left, right, index));
  return {
    pairs,
    ranks: Int32Array.from(list, (rule) => rule.rank),
    results: Int32Array.from(list, (rule) => rule.result),
  };
}

/** The definition: while any rule applies, apply the best one, leftmost. */
function mergeSlowly(symbols: readonly number[], list: readonly Rule[]): number[] {
  const left = [...symbols];
  for (;;) {
    let best: { at: number; rule: Rule } | undefined;
    for (let at = 0; at + 1 < left.length; at++) {
      const rule = list.find((candidate) => candidate.left === left[at] && candidate.right === left[at + 1]);
      if (rule && (!best || rule.rank < best.rule.rank)) best = { at, rule };
    }
    if (!best) return left;
    left.splice(best.at, 2, best.rule.result);
  }
}

/** Rules that make longer symbols of shorter ones, as real ones do: the result's id is larger than both parts'. */
const rules = fc
  .uniqueArray(fc.record({ left: fc.nat(9), right: fc.nat(9), rank: fc.nat(5), more: fc.nat(3) }), {
    maxLength: 14,
    selector: ({ left, right }) => left * 10 + right,
  })
  .map((list) =>
    list.map(({ left, right, rank, more }): Rule => ({ left, right, rank, result: Math.max(left, right) + 1 + more })),
  );

describe('mergeSymbols', () => {
  it('equals applying the best rule again and again, also where ranks are equal', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 40 }), rules, (symbols, list) => {
        const merged = Int32Array.from(symbols);
        const count = mergeSymbols(merged, rulesOf(list));
        expect([...merged.subarray(0, count)]).toEqual(mergeSlowly(symbols, list));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves symbols without an id alone', () => {
    const symbols = Int32Array.of(1, -1, 1, 1);
    expect(mergeSymbols(symbols, rulesOf([{ left: 1, right: 1, rank: 0, result: 2 }]))).toBe(3);
    expect([...symbols.subarray(0, 3)]).toEqual([1, -1, 2]);
  });
});

describe('PairTable', () => {
  it('answers like a Map, while it grows', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(50), fc.nat(50), fc.nat()), { maxLength: 300 }), (entries) => {
        const table = new PairTable();
        const map = new Map<string, number>();
        for (const [left, right, value] of entries) {
          table.set(left, right, value);
          map.set(`${left},${right}`, value);
        }
        for (let left = 0; left <= 50; left++)
          for (let right = 0; right <= 50; right++)
            expect(table.get(left, right)).toBe(map.get(`${left},${right}`) ?? -1);
      }),
      { numRuns: 20 },
    );
  });
});
