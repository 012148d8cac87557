import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import { tokenizerFromJson } from '../../src/tokenizer/from-json.ts';
import { addedToken, BYTE_LEVEL_TOKENS, byteLevelJson } from './support/small-tokenizers.ts';

const spell = (json: object, text: string, parseSpecial?: boolean): string[] => {
  const tokenizer = tokenizerFromJson(json);
  return tokenizer.encode(text, { parseSpecial }).map((id) => tokenizer.tokenOf(id));
};

/** BPE over characters with spaces as ▁, as Llama 2 and Gemma have it. */
const metaspaceJson = (changes: object = {}, modelChanges: object = {}) => ({
  added_tokens: [addedToken(0, '<unk>'), addedToken(1, '<s>')],
  normalizer: { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: '▁' }, { type: 'Replace', pattern: { String: ' ' }, content: '▁' }] }, // prettier-ignore
  pre_tokenizer: null,
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    fuse_unk: true,
    byte_fallback: true,
    vocab: { '<unk>': 0, '<s>': 1, '<0x21>': 2, '▁': 3, h: 4, i: 5, hi: 6, '▁hi': 7, '▁▁': 8 },
    merges: [['h', 'i'], ['▁', 'hi'], ['▁', '▁']],
    ...modelChanges,
  }, // prettier-ignore
  ...changes,
});

describe('tokenizerFromJson', () => {
  it('reads bytes, text and what parsing gave', () => {
    const json = byteLevelJson();
    for (const source of [json, JSON.stringify(json), new TextEncoder().encode(JSON.stringify(json))])
      expect(spell(source as object, 'hello<|end|>')).toEqual(['hello', '<|end|>']);
  });

  it('takes BOS, EOS and the ends of answers from the other files', () => {
    const tokenizer = tokenizerFromJson(
      byteLevelJson(),
      { bos_token: '<|begin|>', eos_token: { content: '<|end|>' } },
      { eos_token_id: [1, 5, 9_999_999, 'x'] },
    );
    expect(tokenizer).toMatchObject({ bosId: 0, eosId: 1 });
    expect([...tokenizer.endIds]).toEqual([1, 5]);
    const bare = tokenizerFromJson(
      byteLevelJson({ added_tokens: [addedToken(1, '<|im_end|>')] }),
      {},
      { bos_token_id: 0, eos_token_id: 7 },
    );
    expect(bare).toMatchObject({ bosId: 0, eosId: 7 });
    expect([...bare.endIds]).toEqual([7, 1]);
  });

  it('adds what the post-processor says around a text', () => {
    const template = {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<|begin|>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<|end|>', type_id: 0 } }],
      special_tokens: { '<|begin|>': { id: '<|begin|>', ids: [0] }, '<|end|>': { id: '<|end|>', ids: [1] } },
    }; // prettier-ignore
    const processors = [{ type: 'ByteLevel' }, template];
    expect(
      tokenizerFromJson(byteLevelJson({ post_processor: { type: 'Sequence', processors } })).encode('', {
        addSpecial: true,
      }),
    ).toEqual([0, 1]);
    const roberta = { type: 'RobertaProcessing', sep: ['<|end|>', 1], cls: ['<|begin|>', 0] };
    expect(tokenizerFromJson(byteLevelJson({ post_processor: roberta })).encode('', { addSpecial: true })).toEqual([
      0, 1,
    ]);
  });

  it('finds added tokens in the text as it was written, or as it was normalised', () => {
    const added = [
      addedToken(0, '<|begin|>'),
      addedToken(500, 'TOOL', { special: false, normalized: true }),
      addedToken(501, '<|fim|>', { special: false }),
    ];
    const json = byteLevelJson({ added_tokens: added, normalizer: { type: 'Lowercase' } });
    expect(spell(json, 'tool<|BEGIN|>Tool', false)).toEqual([
      'TOOL',
      '<',
      '|',
      'b',
      'e',
      'g',
      'i',
      'n',
      '|',
      '>',
      'TOOL',
    ]);
    expect(tokenizerFromJson(json).isSpecial(501)).toBe(true);
    expect(tokenizerFromJson(json).vocabSize).toBe(502);
    expect(tokenizerFromJson(json).decode([500, 400])).toBe('TOOL');
  });

  it('spells spaces as ▁, falls back to bytes and takes the first space back', () => {
    const tokenizer = tokenizerFromJson(metaspaceJson());
    expect(spell(metaspaceJson(), 'hi  hi!')).toEqual(['▁hi', '▁', '▁hi', '<0x21>']);
    expect(tokenizer.decode(tokenizer.encode('hi  hi!'))).toBe('hi  hi!');
    expect(spell(metaspaceJson(), 'xy')).toEqual(['▁', '<unk>']);
    expect(spell(metaspaceJson({}, { fuse_unk: false }), 'xy')).toEqual(['▁', '<unk>', '<unk>']);
  });

  it('lets tokens reach across spaces where the vocabulary has such', () => {
    const vocab = { '<unk>': 0, '▁': 1, h: 2, 'h▁': 3, 'h▁h': 4 };
    expect(spell(metaspaceJson({ added_tokens: [] }, { vocab, merges: ['h ▁', 'h▁ h'] }), 'h h h')).toEqual([
      '▁',
      'h▁',
      'h▁h',
    ]);
  });

  it('reads unigram models, whose type old files leave out', () => {
    const model = { vocab: [['<unk>', 0], ['▁', -2], ['a', -2], ['▁a', -3], ['b', -9]], unk_id: 0 }; // prettier-ignore
    const json = {
      added_tokens: [addedToken(0, '<unk>')],
      pre_tokenizer: { type: 'Metaspace' },
      decoder: { type: 'Metaspace' },
      model,
    };
    expect(spell(json, 'a ba')).toEqual(['▁a', '▁', 'b', 'a']);
    expect(tokenizerFromJson(json).decode(tokenizerFromJson(json).encode('a ba'))).toBe('a ba');
  });

  it('takes a whole piece for its token where the model ignores merges, unless it is a control token', () => {
    const vocab = Object.fromEntries([...BYTE_LEVEL_TOKENS, 'control'].map((token, id) => [token, id]));
    const added = [addedToken(BYTE_LEVEL_TOKENS.length, 'control')];
    const json = byteLevelJson({ added_tokens: added, model: { type: 'BPE', ignore_merges: true, vocab, merges: [] } });
    expect(spell(json, 'hello')).toEqual(['hello']);
    expect(spell(json, 'control', false)).toEqual(Array.from('control'));
  });
});

describe('a damaged tokenizer.json', () => {
  const model = (changes: object) => ({ model: { type: 'BPE', vocab: { a: 0 }, merges: [], ...changes } });
  const nested = Array.from({ length: 50 }).reduce<object>(
    (inner) => ({ type: 'Sequence', normalizers: [inner], pretokenizers: [inner], decoders: [inner] }),
    { type: 'NFC' },
  );

  it.each<[string, unknown, string]>([
    ['text that is no JSON', '{', 'bad-json'],
    ['bytes that are no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'bad-json'],
    ['a list', [], 'bad-tokenizer'],
    ['null', 'null', 'bad-tokenizer'],
    ['no model', {}, 'bad-tokenizer'],
    ['a model of an unknown type', model({ type: 'WordPiece' }), 'unsupported-tokenizer'],
    ['a vocabulary that is a list', model({ vocab: [] }), 'bad-tokenizer'],
    ['an empty vocabulary', model({ vocab: {} }), 'bad-tokenizer'],
    ['an id that is too large', model({ vocab: { a: 2 ** 40 } }), 'bad-tokenizer'],
    ['a negative id', model({ vocab: { a: -1 } }), 'bad-tokenizer'],
    ['an id that is no number', model({ vocab: { a: '0' } }), 'bad-tokenizer'],
    ['merges that are no list', model({ merges: 'a b' }), 'bad-tokenizer'],
    ['a merge of three', model({ merges: [['a', 'a', 'a']] }), 'bad-tokenizer'],
    ['a merge that is a number', model({ merges: [7] }), 'bad-tokenizer'],
    ['a merge of unknown parts', model({ merges: ['b c'] }), 'bad-tokenizer'],
    ['a suffix for the ends of words', model({ end_of_word_suffix: '</w>' }), 'unsupported-tokenizer'],
    ['a flag that is a string', model({ byte_fallback: 'yes' }), 'bad-tokenizer'],
    ['an unknown token that is a number', model({ unk_token: 3 }), 'bad-tokenizer'],
    ['a unigram entry without a score', { model: { type: 'Unigram', vocab: [['a']] } }, 'bad-tokenizer'],
    ['a unigram unknown id outside', { model: { type: 'Unigram', vocab: [['a', -1]], unk_id: 3 } }, 'bad-tokenizer'],
    ['added tokens that are no list', byteLevelJson({ added_tokens: {} }), 'bad-tokenizer'],
    ['an added token without content', byteLevelJson({ added_tokens: [{ id: 1 }] }), 'bad-tokenizer'],
    ['an added token with a giant id', byteLevelJson({ added_tokens: [addedToken(1e9, 'x')] }), 'bad-tokenizer'],
    ['an unknown normalizer', byteLevelJson({ normalizer: { type: 'Rot13' } }), 'unsupported-tokenizer'],
    ['a normalizer nested too deep', byteLevelJson({ normalizer: nested }), 'bad-tokenizer'],
    [
      'a sequence that is no list',
      byteLevelJson({ normalizer: { type: 'Sequence', normalizers: 7 } }),
      'bad-tokenizer',
    ],
    [
      'a charsmap that is no base64',
      byteLevelJson({ normalizer: { type: 'Precompiled', precompiled_charsmap: '?' } }),
      'bad-tokenizer',
    ],
    ['an unknown pre-tokenizer', byteLevelJson({ pre_tokenizer: { type: 'UnicodeScripts' } }), 'unsupported-tokenizer'],
    [
      'a pattern that is neither',
      byteLevelJson({ pre_tokenizer: { type: 'Split', pattern: {}, behavior: 'Isolated' } }),
      'bad-tokenizer',
    ],
    [
      'an unknown pattern',
      byteLevelJson({ pre_tokenizer: { type: 'Split', pattern: { Regex: '(?<=x)y' }, behavior: 'Isolated' } }),
      'unsupported-tokenizer',
    ],
    [
      'an unknown behaviour',
      byteLevelJson({ pre_tokenizer: { type: 'Split', pattern: { String: 'x' }, behavior: 'Eaten' } }),
      'unsupported-tokenizer',
    ],
    [
      'an unknown prepend scheme',
      byteLevelJson({ pre_tokenizer: { type: 'Metaspace', prepend_scheme: 'last' } }),
      'unsupported-tokenizer',
    ],
    ['an unknown decoder', byteLevelJson({ decoder: { type: 'CTC' } }), 'unsupported-tokenizer'],
    [
      'a decoder that replaces by pattern',
      byteLevelJson({ decoder: { type: 'Replace', pattern: { Regex: 'a' }, content: '' } }),
      'unsupported-tokenizer',
    ],
    [
      'a decoder that strips letters',
      byteLevelJson({ decoder: { type: 'Strip', content: 'a', start: 1, stop: 0 } }),
      'unsupported-tokenizer',
    ],
    ['an unknown post-processor', byteLevelJson({ post_processor: { type: 'Magic' } }), 'unsupported-tokenizer'],
    [
      'a template with an unknown token',
      byteLevelJson({
        post_processor: { type: 'TemplateProcessing', single: [{ SpecialToken: { id: 'x' } }], special_tokens: {} },
      }),
      'bad-tokenizer',
    ],
    [
      'a template with an id outside',
      byteLevelJson({
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ SpecialToken: { id: 'x' } }],
          special_tokens: { x: { ids: [1e6] } },
        },
      }),
      'bad-tokenizer',
    ],
    ['nothing but brackets', '['.repeat(1_000_000), 'bad-json'],
  ])('is refused for %s', (_, json, code) => {
    expect(() => tokenizerFromJson(json)).toThrow(expect.objectContaining({ name: 'RealizarError', code }));
  });

  it('either works or throws a RealizarError, whatever stands in a field', () => {
    const keys = ['added_tokens', 'normalizer', 'pre_tokenizer', 'post_processor', 'decoder', 'model'];
    const types = [
      'NFC',
      'Replace',
      'Split',
      'Metaspace',
      'ByteLevel',
      'Digits',
      'Punctuation',
      'Strip',
      'TemplateProcessing',
      'BPE',
      'Unigram',
      'Sequence',
    ];
    const names = [
      'pattern',
      'content',
      'behavior',
      'vocab',
      'merges',
      'normalizers',
      'pretokenizers',
      'decoders',
      'processors',
      'single',
      'special_tokens',
      'unk_id',
    ];
    const values = fc.oneof(
      fc.jsonValue(),
      fc
        .record({ type: fc.constantFrom(...types) })
        .chain((base) =>
          fc.dictionary(fc.constantFrom(...names), fc.jsonValue()).map((more) => ({ ...base, ...more })),
        ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...keys), values, fc.string(), (key, value, text) => {
        try {
          tokenizerFromJson(byteLevelJson({ [key]: value })).encode(text, { addSpecial: true });
        } catch (error) {
          expect(error).toBeInstanceOf(RealizarError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
