import { describe, expect, it } from 'vitest';
import { splitByPattern, type SplitBehavior } from '../../src/tokenizer/split.ts';

describe('splitByPattern', () => {
  // The examples of Hugging Face's documentation of SplitDelimiterBehavior.
  it.each<[SplitBehavior, string[]]>([
    ['Removed', ['the', 'final', 'countdown']],
    ['Isolated', ['the', '-', 'final', '-', '-', 'countdown']],
    ['MergedWithPrevious', ['the-', 'final-', '-', 'countdown']],
    ['MergedWithNext', ['the', '-final', '-', '-countdown']],
    ['Contiguous', ['the', '-', 'final', '--', 'countdown']],
  ])('%s', (behavior, expected) => {
    const pieces: string[] = [];
    splitByPattern('-', behavior)('the-final--countdown', true, (piece) => pieces.push(piece));
    expect(pieces).toEqual(expected);
  });

  it('turns matches into gaps and gaps into matches when inverted', () => {
    const pieces: string[] = [];
    splitByPattern('\\w+', 'Removed', true)('ab, cd!', true, (piece) => pieces.push(piece));
    expect(pieces).toEqual(['ab', 'cd']);
  });

  it('says which piece stands at the start', () => {
    const starts: boolean[] = [];
    splitByPattern('-')('a-b', true, (_, atStart) => starts.push(atStart));
    splitByPattern('-')('a-b', false, (_, atStart) => starts.push(atStart));
    expect(starts).toEqual([true, false, false, false, false, false]);
  });
});
