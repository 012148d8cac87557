import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PromptLookup } from '../../src/engine/prompt-lookup.ts';
import { fakeEngine } from './fake-engine.ts';

const greedy = { temperature: 0 } as const;

describe('a guess', () => {
  const guess = (tokenIds: number[], max = 10) => new PromptLookup(max).draft(tokenIds);

  test('is what followed the last tokens when they stood there before', () => {
    expect(guess([9, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4])).toEqual([5, 6]);
  });

  test('prefers the longest match to the latest, and the latest of equal ones', () => {
    expect(guess([1, 2, 3, 4, 50, 2, 3, 4, 60, 1, 2, 3, 4])[0]).toBe(50);
    expect(guess([1, 2, 3, 4, 50, 1, 2, 3, 4, 60, 1, 2, 3, 4])[0]).toBe(60);
  });

  test('goes on in a loop where it reaches its own end', () => {
    expect(guess(Array.from({ length: 14 }, (_, i) => 1 + (i % 2)))).toEqual([1, 2, 1, 2]);
  });

  test('goes further behind a longer match', () => {
    const lengths = [2, 4, 8].map((match) => {
      const words = Array.from({ length: match }, (_, i) => i);
      return guess([...words, ...Array.from({ length: 20 }, (_, i) => 100 + i), ...words]).length;
    });
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    expect(new Set(lengths).size).toBe(3);
  });

  test.each([[[]], [[1]], [[1, 2, 3, 4]], [[5, 1, 2, 3, 4, 1]]])('is none after %j', (tokenIds) => {
    expect(guess(tokenIds)).toEqual([]);
  });

  test('never has more tokens than asked for, and only tokens of the text', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 80 }), fc.integer({ min: 1, max: 9 }), (tokenIds, max) => {
        const lookup = new PromptLookup(max);
        for (let length = 1; length <= tokenIds.length; length++) {
          const draft = lookup.draft(tokenIds.slice(0, length));
          expect(draft.length).toBeLessThanOrEqual(max);
          for (const id of draft) expect(tokenIds).toContain(id);
        }
      }),
    );
  });
});

describe('a draft', () => {
  const periodic = (length: number) => Array.from({ length }, (_, i) => i % 7);
  /** The words 0 1 2 3 again and again, and always another one after them. */
  const misleading = (length: number) => Array.from({ length }, (_, i) => (i % 5 === 4 ? 100 + i : i % 5));

  test('grows while guesses are right', () => {
    const lookup = new PromptLookup(16);
    const lengths = Array.from({ length: 80 }, (_, i) => lookup.draft(periodic(20 + i)).length);
    expect(lengths[0]).toBeLessThan(8);
    expect(lengths.at(-1)).toBe(16);
  });

  test('ends where guesses turned out wrong, and goes on when they would have been right', () => {
    const lookup = new PromptLookup(16);
    const before = misleading(300);
    for (let length = 5; length < 300; length++) lookup.draft(before.slice(0, length));
    expect(lookup.draft([...before, 0, 1])).toEqual([2, 3]);
    expect(lookup.draft([...before, 0, 1, 2, 3])).toEqual([]);

    const after = [...before, ...Array.from({ length: 600 }, (_, i) => (i % 6 === 5 ? 1000 + i : i % 6))];
    for (let length = 301; length <= 900; length++) lookup.draft(after.slice(0, length));
    expect(lookup.draft([...after, 0, 1, 2, 3])).toEqual([4]);
  });
});

describe('guessed tokens', () => {
  const options = { ...greedy, maxTokens: 60, ignoreEos: true };

  test('make a text that repeats itself in fewer steps, and tell how many were right', async () => {
    const plain = fakeEngine({ memory: 1 });
    const guessing = fakeEngine({ memory: 1 });
    const expected = await plain.engine.generate([5, 6], options).result();
    const { tokenIds, timings } = await guessing.engine.generate([5, 6], { ...options, promptLookup: 8 }).result();
    expect(tokenIds).toEqual(expected.tokenIds);
    expect(guessing.model.batches.length).toBeLessThan(plain.model.batches.length / 2);
    expect(timings.acceptedTokens).toBe(60 - guessing.model.batches.length);
    expect(timings.draftedTokens).toBeGreaterThanOrEqual(timings.acceptedTokens!);
    expect(timings).toMatchObject({ prefillTokens: 2, decodeTokens: 59 });
    expect(expected.timings).not.toHaveProperty('draftedTokens');
  });

  test('take no rows of a prompt that is read beside them', async () => {
    const { engine, model } = fakeEngine({ memory: 1, chunkSize: 4, numBlocks: 64 });
    const first = engine.generate([5, 6], { ...options, promptLookup: 8 }).result();
    const second = engine
      .generate(
        Array.from({ length: 40 }, (_, i) => i),
        { ...greedy, maxTokens: 1 },
      )
      .result();
    await Promise.all([first, second]);
    const chunks = model.batches.map(({ sequenceOf }) => sequenceOf.filter((index) => index === 1).length);
    expect(chunks.filter((rows) => rows === 4).length).toBeGreaterThanOrEqual(9);
    for (const { tokenIds } of model.batches) expect(tokenIds.length).toBeLessThanOrEqual(1 + 4);
  });

  test.each([-1, 1.5, 65, NaN])('cannot be %s', (promptLookup) => {
    const { engine } = fakeEngine();
    expect(() => engine.generate([1], { promptLookup })).toThrow(
      expect.objectContaining({ code: 'invalid-argument', field: 'promptLookup' }),
    );
  });
});
