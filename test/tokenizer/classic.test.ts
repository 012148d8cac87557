import { describe, expect, it } from 'vitest';
import { bpeTokenizer, characterTokenizer, unigramTokenizer } from '../../src/tokenizer/index.ts';

describe('tokenizers built by hand', () => {
  const letters = ['<unk>', 'h', 'e', 'l', 'o', ' ', 'w', 'r', 'd'];

  it('encode characters one by one and decode them', () => {
    const tokenizer = characterTokenizer(letters);
    expect(tokenizer.encode('hello world')).toEqual([1, 2, 3, 3, 4, 5, 6, 4, 7, 3, 8]);
    expect(tokenizer.decode(tokenizer.encode('hello world'))).toBe('hello world');
    expect(tokenizer.encode('h🦀')).toEqual([1, 0]);
    expect(characterTokenizer(['a']).encode('ab')).toEqual([0]);
  });

  it('apply merges in the order of their rank', () => {
    const merges = [['l', 'l'], ['h', 'e'], ['w', 'o']] as const; // prettier-ignore
    const tokenizer = bpeTokenizer([...letters, 'll', 'he', 'wo'], merges, '<unk>');
    expect(tokenizer.encode('hello world')).toEqual([10, 9, 4, 5, 11, 7, 3, 8]);
    expect(tokenizer.decode([10, 9, 4, 5, 11, 7, 3, 8])).toBe('hello world');
    expect(tokenizer.encode('h  e')).toEqual([1, 5, 5, 2]);
  });

  it('find the most likely tokens', () => {
    const pieces = [...letters.map((letter) => [letter, -5] as const), ['hello', -1], ['world', -1.5]] as const;
    const tokenizer = unigramTokenizer(pieces);
    expect(tokenizer.encode('hello world')).toEqual([9, 5, 10]);
    expect(tokenizer.encode('<unk>')).toEqual([0]);
  });

  it('refuse duplicates, an empty list and an unknown token that is not there', () => {
    expect(() => characterTokenizer(['a', 'a'])).toThrow(/"a" twice/);
    expect(() => characterTokenizer([])).toThrow(expect.objectContaining({ code: 'bad-tokenizer' }));
    expect(() => bpeTokenizer(['a'], [], '<unk>')).toThrow(/<unk>/);
    expect(() => bpeTokenizer(['a'], [['a', 'b']])).toThrow(/lacks "b"/);
  });

  it('name an id outside the vocabulary', () => {
    expect(() => characterTokenizer(['a']).decode([1])).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(() => characterTokenizer(['a']).tokenOf(-1)).toThrow(/ids 0 to 0/);
  });
});
