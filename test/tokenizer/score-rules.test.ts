import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoreRules } from '../../src/tokenizer/score-rules.ts';
import { vocabularyOf } from '../../src/tokenizer/vocabulary.ts';

const spelling = fc.string({ unit: fc.constantFrom('a', 'b', '▁', '😀'), maxLength: 4 });

test('a pair has the rule of the token it spells, if all three may be in a text', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(spelling, fc.boolean()), { minLength: 1, maxLength: 30 }), (list) => {
      const tokens = list.map(([token]) => token);
      const { pairs, results } = scoreRules(
        vocabularyOf(tokens, 'tokens'),
        tokens.map(() => 0),
        (id) => list[id]![1],
      );
      for (const round of ['unknown', 'known']) {
        tokens.forEach((left, a) =>
          tokens.forEach((right, b) => {
            const joined = tokens.indexOf(left + right);
            const has = left !== '' && right !== '' && [a, b, joined].every((id) => list[id]?.[1]);
            const rule = pairs.get(a, b);
            expect(rule < 0 ? undefined : results[rule], round).toBe(has ? joined : undefined);
          }),
        );
      }
    }),
  );
});

test('better scores come first, and equal ones are equal', () => {
  const score = fc.oneof(fc.constantFrom(-1, -2), fc.float({ noNaN: true, noDefaultInfinity: true }));
  fc.assert(
    fc.property(fc.array(score, { minLength: 2, maxLength: 40 }), (scores) => {
      // a, aa, aaa, …: each but the first is the one before and an a.
      const tokens = scores.map((_, id) => 'a'.repeat(id + 1));
      const { pairs, ranks } = scoreRules(vocabularyOf(tokens, 'tokens'), scores, () => true);
      const found = scores.slice(1).map((_, i) => pairs.get(i, 0));
      for (const one of found) {
        for (const other of found) {
          const order = Math.sign(ranks[one]! - ranks[other]!);
          expect(order + 0).toBe(Math.sign(scores[other]! - scores[one]!) + 0); // no negative zero
        }
      }
    }),
  );
});

test('more pairs than are remembered get the same answers', () => {
  const tokens = Array.from({ length: 600 }, (_, id) => String.fromCharCode(0x4e00 + id));
  tokens.push(tokens[5]! + tokens[7]!);
  const { pairs } = scoreRules(
    vocabularyOf(tokens, 'tokens'),
    tokens.map(() => 0),
    () => true,
  );
  let rules = 0;
  for (let left = 0; left < tokens.length; left++) {
    for (let right = 0; right < tokens.length; right++) if (pairs.get(left, right) >= 0) rules++;
  }
  expect(rules).toBe(1);
  expect(pairs.get(5, 7)).toBe(600);
});
