import { describe, expect, it } from 'vitest';
import { jsonNormalizer } from '../../../src/tokenizer/json/normalizer.ts';
import { jsonPreTokenizer } from '../../../src/tokenizer/json/pre-tokenizer.ts';
import { smallCharsmap } from '../support/small-charsmap.ts';

const pieces = (stage: object, text: string, atStart = true): string[] => {
  const found: string[] = [];
  jsonPreTokenizer(stage).preTokenize!(text, atStart, (piece) => found.push(piece));
  return found;
};

// Expected values are those of Hugging Face tokenizers 0.22.
describe('jsonPreTokenizer', () => {
  it.each<[object, string, string[]]>([
    [{ type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }, 'a  b', ['▁a', '▁', '▁b']],
    [{ type: 'Metaspace', replacement: '▁', prepend_scheme: 'never', split: true }, 'a b', ['a', '▁b']],
    [{ type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false }, 'a b', ['▁a▁b']],
    [{ type: 'Metaspace', replacement: '_', add_prefix_space: false }, 'a b', ['a', '_b']],
    [{ type: 'Whitespace' }, 'ab, c!?', ['ab', ',', 'c', '!?']],
    [{ type: 'WhitespaceSplit' }, ' ab,  c', ['ab,', 'c']],
    [{ type: 'BertPreTokenizer' }, 'ab, c', ['ab', ',', 'c']],
    [{ type: 'Punctuation', behavior: 'Contiguous' }, 'a!?$b', ['a', '!?$', 'b']],
    [{ type: 'Digits', individual_digits: true }, 'a12', ['a', '1', '2']],
    [{ type: 'Digits', individual_digits: false }, 'a12', ['a', '12']],
    [{ type: 'ByteLevel', add_prefix_space: true, use_regex: true }, "it's é", [' it', "'s", ' é']],
    [{ type: 'ByteLevel', use_regex: false }, 'a b', [' a b']],
    [{ type: 'Sequence', pretokenizers: [{ type: 'ByteLevel', add_prefix_space: false }, { type: 'Digits', individual_digits: true }] }, 'é ½', ['Ã©', 'ĠÂ', '½']], // prettier-ignore
    [{ type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithNext' }, 'a b c', ['a', ' b', ' c']],
    [{ type: 'Split', pattern: { Regex: '\\p{N}' }, behavior: 'Removed', invert: true }, 'a1b2', ['1', '2']],
  ])('%j', (stage, text, expected) => {
    expect(pieces(stage, text)).toEqual(expected);
  });

  it('puts a space only in front of the first text where the scheme says so', () => {
    expect(pieces({ type: 'Metaspace', prepend_scheme: 'first' }, 'a', false)).toEqual(['a']);
  });

  it('leaves bytes to the model only where ByteLevel comes last', () => {
    expect(jsonPreTokenizer({ type: 'ByteLevel' }).byteLevel).toBe(true);
    expect(
      jsonPreTokenizer({ type: 'Sequence', pretokenizers: [{ type: 'ByteLevel' }, { type: 'Digits' }] }).byteLevel,
    ).toBe(false);
    expect(jsonPreTokenizer(null)).toEqual({ preTokenize: undefined, byteLevel: false });
  });
});

describe('jsonNormalizer', () => {
  it.each<[object, string, string]>([
    [{ type: 'NFC' }, 'e\u0301', 'é'],
    [{ type: 'NFD' }, 'é', 'e\u0301'],
    [{ type: 'NFKC' }, 'ﬁ', 'fi'],
    [{ type: 'NFKD' }, '½', '1\u20442'],
    [{ type: 'Lowercase' }, 'ÀB', 'àb'],
    [{ type: 'StripAccents' }, 'e\u0301\u0903', 'e'],
    [{ type: 'Strip', strip_left: true, strip_right: true }, ' \na\u3000 ', 'a'],
    [{ type: 'Strip', strip_left: false, strip_right: true }, ' a ', ' a'],
    [{ type: 'Prepend', prepend: '▁' }, 'a', '▁a'],
    [{ type: 'Prepend', prepend: '▁' }, '', ''],
    [{ type: 'Replace', pattern: { String: 'ab' }, content: '$&' }, 'xabab🦀', 'x$&$&🦀'],
    [{ type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }, 'a   b c', 'a b c'],
    [{ type: 'Nmt' }, 'a\u0001\tb\u200b\u2581', 'a b  '],
    [{ type: 'ByteLevel' }, ' é', 'ĠÃ©'],
    [{ type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] }, 'Ａ', 'a'],
    [
      { type: 'Precompiled', precompiled_charsmap: btoa(String.fromCharCode(...smallCharsmap())) },
      'ab\r\né👩‍👩‍👧e\u0301',
      'Xb e👩‍👩‍👧e\u0301',
    ],
  ])('%j', (stage, text, expected) => {
    expect(jsonNormalizer(stage)!(text, true)).toBe(expected);
  });

  it('is nothing where there is none', () => {
    expect(jsonNormalizer(null)).toBeUndefined();
    expect(jsonNormalizer({ type: 'Sequence', normalizers: [] })).toBeUndefined();
  });
});
