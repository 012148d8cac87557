import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MetadataValue } from '../../src/checkpoint/checkpoint.ts';
import { RealizarError } from '../../src/errors.ts';
import { tokenizerFromGguf } from '../../src/tokenizer/from-gguf.ts';
import { CUT_OF_NAME } from '../../src/tokenizer/patterns.ts';
import { BYTE_LEVEL_TOKENS, byteLevelMetadata, MERGES, sentencePieceMetadata } from './support/small-tokenizers.ts';

const spell = (metadata: Map<string, MetadataValue>, text: string, parseSpecial?: boolean): string[] => {
  const tokenizer = tokenizerFromGguf(metadata);
  return tokenizer.encode(text, { parseSpecial }).map((id) => tokenizer.tokenOf(id));
};

describe('tokenizerFromGguf with byte-level BPE', () => {
  it('merges, keeps control tokens whole, and leaves them text on request', () => {
    expect(spell(byteLevelMetadata(), 'hello whe<|end|>')).toEqual(['hello', 'Ġw', 'he', '<|end|>']);
    expect(spell(byteLevelMetadata(), '<|end|>', false)).toEqual(['<', '|', 'e', 'n', 'd', '|', '>']);
  });

  it('knows what its ids mean', () => {
    const tokenizer = tokenizerFromGguf(
      byteLevelMetadata({ eot_token_id: 5, add_bos_token: true, add_eos_token: true, unknown_token_id: -1 }),
    );
    expect(tokenizer).toMatchObject({ bosId: 0, eosId: 1, unknownId: undefined, vocabSize: BYTE_LEVEL_TOKENS.length });
    expect([...tokenizer.endIds]).toEqual([1, 5]);
    expect(tokenizer.encode('h', { addSpecial: true })).toEqual([0, tokenizer.idOf('h'), 1]);
    expect(tokenizer.isSpecial(0)).toBe(true);
    expect(tokenizer.decode([0, tokenizer.idOf('h')!])).toBe('h');
    expect(tokenizer.decode([0, tokenizer.idOf('h')!], { skipSpecial: false })).toBe('<|begin|>h');
  });

  it('ends answers at control tokens with well-known names', () => {
    const tokens = [...BYTE_LEVEL_TOKENS, '<|im_end|>', '<|eot_id|>'];
    const types = Int32Array.from(tokens, (_, id) => (id === tokens.length - 1 ? 1 : 3));
    expect([...tokenizerFromGguf(byteLevelMetadata({ tokens, token_type: types })).endIds]).toEqual([
      1,
      tokens.length - 2,
    ]);
  });

  it('reads the types of tokens from integers of any width', () => {
    const types = BYTE_LEVEL_TOKENS.map((_, id) => (id < 2 ? 3 : 1));
    const isSpecial = (token_type: MetadataValue) => {
      const tokenizer = tokenizerFromGguf(byteLevelMetadata({ token_type }));
      return types.map((_, id) => tokenizer.isSpecial(id));
    };
    expect(isSpecial(BigInt64Array.from(types, BigInt))).toEqual(isSpecial(Int32Array.from(types)));
  });

  it('treats words that users added as tokens, but not as control tokens', () => {
    const tokens = [...BYTE_LEVEL_TOKENS, 'é!'];
    const types = Int32Array.from(tokens, (_, id) => (id === tokens.length - 1 ? 4 : 1));
    const metadata = byteLevelMetadata({ tokens, token_type: types });
    expect(spell(metadata, 'hé!', false)).toEqual(['h', 'é!']);
    expect(tokenizerFromGguf(metadata).decode([tokens.length - 1])).toBe('é!');
  });

  it('knows the cuts of every name it lists', () => {
    for (const name of CUT_OF_NAME.keys()) {
      const tokenizer = tokenizerFromGguf(byteLevelMetadata({ pre: name }));
      const text = "Hello  wOrld's 12345\n\n!? 今日は";
      expect(tokenizer.decode(tokenizer.encode(text)), name).toBe(text);
    }
  });

  it('takes a whole piece for its token where the family ignores merges', () => {
    const withoutMerges = { merges: MERGES.slice(0, 1), tokens: BYTE_LEVEL_TOKENS };
    expect(spell(byteLevelMetadata({ ...withoutMerges, pre: 'llama-bpe' }), 'hello')).toEqual(['hello']);
    expect(spell(byteLevelMetadata({ ...withoutMerges, pre: 'qwen2' }), 'hello')).toEqual(['he', 'l', 'l', 'o']);
  });
});

describe('tokenizerFromGguf with SentencePiece', () => {
  it('puts a space in front, merges by score and falls back to bytes', () => {
    expect(spell(sentencePieceMetadata(), 'hello whe!')).toEqual(['▁hello', '▁', 'w', 'he', '<0x21>']);
    expect(spell(sentencePieceMetadata({ add_space_prefix: false }), 'hello')).toEqual(['hello']);
  });

  it('takes control tokens for text unless asked to parse them', () => {
    expect(spell(sentencePieceMetadata(), 'h</s>')).not.toContain('</s>');
    expect(spell(sentencePieceMetadata(), 'h</s>he', true)).toEqual(['▁', 'h', '</s>', '▁he']);
    expect(spell(sentencePieceMetadata(), 'h<tool>he')).toEqual(['▁', 'h', '<tool>', 'he']);
  });

  it('decodes without the space it put in front, and adds BOS by default', () => {
    const tokenizer = tokenizerFromGguf(sentencePieceMetadata());
    const ids = tokenizer.encode('hello hello!', { addSpecial: true });
    expect(ids[0]).toBe(1);
    expect(tokenizer.decode(ids)).toBe('hello hello!');
  });

  it('gives neighbouring unknown characters one unknown token where bytes are missing', () => {
    expect(spell(sentencePieceMetadata({ add_space_prefix: false }), 'hXYZh')).toEqual(['h', '<unk>', 'h']);
  });

  it('finds the most likely tokens with the unigram model of t5', () => {
    const metadata = sentencePieceMetadata({ model: 't5', remove_extra_whitespaces: true });
    expect(spell(metadata, '  hello   he<tool>!XY ')).toEqual(['▁hello', '▁he', '<tool>', '<0x21>', '<unk>']);
  });
});

describe('tokenizerFromGguf with damaged metadata', () => {
  const size = BYTE_LEVEL_TOKENS.length;
  it.each<[string, Record<string, MetadataValue | undefined>, string]>([
    ['no model', { model: undefined }, 'missing-metadata'],
    ['an unknown model', { model: 'bert' }, 'unsupported-tokenizer'],
    ['a model that is no string', { model: 7 }, 'bad-tokenizer'],
    ['no tokens', { tokens: undefined }, 'missing-metadata'],
    ['an empty list of tokens', { tokens: [] }, 'bad-tokenizer'],
    ['tokens that are no strings', { tokens: [1, 2] }, 'bad-tokenizer'],
    ['a giant token', { tokens: ['x'.repeat(2 ** 15)], token_type: undefined }, 'bad-tokenizer'],
    ['an unknown pre-tokenizer', { pre: 'from-next-year' }, 'unsupported-tokenizer'],
    ['no merges', { merges: undefined }, 'missing-metadata'],
    ['a merge of one part', { merges: ['he'] }, 'bad-tokenizer'],
    ['a merge of unknown parts', { merges: ['xx yy'] }, 'bad-tokenizer'],
    ['a merge without a token for its result', { merges: ['x y'] }, 'bad-tokenizer'],
    ['too few types', { token_type: new Int32Array(3) }, 'bad-tokenizer'],
    ['types that are no numbers', { token_type: BYTE_LEVEL_TOKENS }, 'bad-tokenizer'],
    ['an EOS outside the vocabulary', { eos_token_id: size }, 'bad-tokenizer'],
    ['a fractional BOS', { bos_token_id: 0.5 }, 'bad-tokenizer'],
    ['a flag that is a number', { add_bos_token: 1 }, 'bad-tokenizer'],
    [
      'a giant control token',
      { tokens: ['x'.repeat(2000)], token_type: [3], merges: [], bos_token_id: undefined, eos_token_id: undefined },
      'bad-tokenizer',
    ],
  ])('refuses %s', (_, changes, code) => {
    expect(() => tokenizerFromGguf(byteLevelMetadata(changes))).toThrow(
      expect.objectContaining({ name: 'RealizarError', code }),
    );
  });

  it.each<[string, Record<string, MetadataValue | undefined>]>([
    ['no scores', { scores: undefined }],
    ['too many scores', { scores: new Float32Array(99) }],
    ['a charsmap that is no list of bytes', { precompiled_charsmap: 'x' }],
    ['a charsmap without its trie', { precompiled_charsmap: new Uint8Array([200, 0, 0, 0]) }],
  ])('refuses SentencePiece with %s', (_, changes) => {
    expect(() => tokenizerFromGguf(sentencePieceMetadata(changes))).toThrow(RealizarError);
  });

  it('takes the first of two ids with the same spelling', () => {
    const tokens = [...BYTE_LEVEL_TOKENS, 'he'];
    expect(tokenizerFromGguf(byteLevelMetadata({ tokens, token_type: undefined })).encode('he')).toEqual([
      BYTE_LEVEL_TOKENS.indexOf('he'),
    ]);
  });

  it('either works or throws a RealizarError, whatever the values are', () => {
    const values = fc.oneof(
      fc.constant(undefined),
      fc.string(),
      fc.boolean(),
      fc.double(),
      fc.array(fc.string()),
      fc.array(fc.double()),
      fc.uint8Array(),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(
          'model',
          'pre',
          'tokens',
          'scores',
          'token_type',
          'merges',
          'bos_token_id',
          'add_eos_token',
          'add_space_prefix',
          'precompiled_charsmap',
        ),
        values,
        fc.boolean(),
        fc.string(),
        (key, value, pieces, text) => {
          const metadata = (pieces ? sentencePieceMetadata : byteLevelMetadata)({
            [key]: value as MetadataValue | undefined,
          });
          try {
            tokenizerFromGguf(metadata).encode(text, { addSpecial: true });
          } catch (error) {
            expect(error).toBeInstanceOf(RealizarError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
