import { describe, expect, it } from 'vitest';
import { AddedTokenFinder, type AddedToken } from '../../src/tokenizer/added-tokens.ts';

const token = (id: number, content: string, changes: Partial<AddedToken> = {}): AddedToken => ({
  id,
  content,
  control: false,
  ...changes,
});

function findAll(tokens: readonly AddedToken[], text: string, withControl = true): string[] {
  const finder = new AddedTokenFinder(tokens);
  const found: string[] = [];
  for (let match = finder.find(text, 0, withControl); match; match = finder.find(text, match.end, withControl))
    found.push(`${match.id}:${text.slice(match.start, match.end)}`);
  return found;
}

describe('AddedTokenFinder', () => {
  it('takes the longest of the tokens that start together', () => {
    expect(findAll([token(1, '<a'), token(2, '<a>'), token(3, '<a><b>')], '<a> <a><b> <a')).toEqual([
      '2:<a>',
      '3:<a><b>',
      '1:<a',
    ]);
  });

  it('overlooks control tokens where they do not count', () => {
    expect(findAll([token(1, '<a'), token(2, '<a>', { control: true })], '<a>', false)).toEqual(['1:<a']);
  });

  it('takes whitespace along on either side', () => {
    expect(findAll([token(1, '<a>', { leftStrip: true, rightStrip: true })], 'x \n<a>\t <a> y')).toEqual([
      '1: \n<a>\t ',
      '1:<a> ',
    ]);
  });

  it('finds a single word only where nothing touches it', () => {
    expect(findAll([token(1, 'box', { singleWord: true })], 'box boxes 𝒳box, box!')).toEqual(['1:box', '1:box']);
  });

  it('finds nothing without tokens or content', () => {
    expect(findAll([token(1, '')], 'abc')).toEqual([]);
    expect(findAll([], 'abc')).toEqual([]);
  });

  it('refuses giant tokens and too many', () => {
    expect(() => new AddedTokenFinder([token(1, 'x'.repeat(2000))])).toThrow(
      expect.objectContaining({ code: 'bad-tokenizer' }),
    );
    expect(() => new AddedTokenFinder(Array.from({ length: 2 ** 17 + 1 }, (_, id) => token(id, `${id}`)))).toThrow(
      expect.objectContaining({ code: 'bad-tokenizer' }),
    );
  });
});
