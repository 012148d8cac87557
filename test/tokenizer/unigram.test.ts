import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unigramModel } from '../../src/tokenizer/unigram.ts';
import { vocabularyOf } from '../../src/tokenizer/vocabulary.ts';

const pieces = fc.uniqueArray(
  fc.record({ token: fc.stringMatching(/^[ab🦀]{1,4}$/u), score: fc.double({ min: -20, max: -0.5, noNaN: true }) }),
  { maxLength: 12, selector: ({ token }) => token },
);

describe('unigramModel', () => {
  it('finds tokens whose scores add up to the best possible sum', () => {
    fc.assert(
      fc.property(pieces, fc.stringMatching(/^[ab🦀]{0,9}$/u), (list, text) => {
        const all = ['<unk>', ...list.map(({ token }) => token)];
        const scores = [0, ...list.map(({ score }) => score)];
        const unknownScore = Math.min(...(list.length > 0 ? scores.slice(1) : [0])) - 10;
        const ids: number[] = [];
        unigramModel(vocabularyOf(all, 'tokens'), scores, {
          unknownId: 0,
          kindOf: (id) => (id === 0 ? 'never' : 'normal'),
        }).encode(text, ids);

        const best = (rest: string): number => {
          if (rest === '') return 0;
          const [character] = Array.from(rest);
          let sum = all.indexOf(character!) > 0 ? -Infinity : unknownScore + best(rest.slice(character!.length));
          for (let id = 1; id < all.length; id++)
            if (rest.startsWith(all[id]!)) sum = Math.max(sum, scores[id]! + best(rest.slice(all[id]!.length)));
          return sum;
        };
        // One unknown token can stand for several unknown characters: count those that the known tokens leave over.
        const known = ids.filter((id) => id !== 0);
        const unknownCharacters =
          Array.from(text).length - known.reduce((length, id) => length + Array.from(all[id]!).length, 0);
        const sum = known.reduce((total, id) => total + scores[id]!, 0) + unknownCharacters * unknownScore;
        expect(sum).toBeCloseTo(best(text), 6);
      }),
      { numRuns: 500 },
    );
  });

  it('prefers tokens that users defined over any other way to write them', () => {
    const tokens = ['<unk>', 'a', 'b', 'ab', 'xab'];
    const encode = (kind: 'normal' | 'user-defined'): number[] => {
      const ids: number[] = [];
      unigramModel(vocabularyOf(tokens, 'tokens'), [0, -1, -1, -9, -50], {
        unknownId: 0,
        kindOf: (id) => (id === 3 ? kind : 'normal'),
      }).encode('ab', ids);
      return ids;
    };
    expect(encode('normal')).toEqual([1, 2]);
    expect(encode('user-defined')).toEqual([3]);
  });

  it('leaves unknown characters out where nothing stands for them', () => {
    const ids: number[] = [];
    unigramModel(vocabularyOf(['a'], 'tokens'), [-1], { unknownId: undefined, kindOf: () => 'normal' }).encode(
      'axa',
      ids,
    );
    expect(ids).toEqual([0, 0]);
  });
});
