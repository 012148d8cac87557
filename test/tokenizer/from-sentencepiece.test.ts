import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import { tokenizerFromSentencePiece } from '../../src/tokenizer/from-sentencepiece.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';
import { smallCharsmap } from './support/small-charsmap.ts';
import { float, message, string, varint } from './support/protobuf-writer.ts';

const piece = (token: string, score: number, type = 1): number[] =>
  message(1, [...string(1, token), ...float(2, score), ...varint(3, type)]);
const PIECES = [
  ...piece('<unk>', 0, 2),
  ...piece('<s>', 0, 3),
  ...piece('</s>', 0, 3),
  ...piece('▁', -3),
  ...piece('a', -3),
  ...piece('b', -3),
  ...piece('▁ab', -1),
  ...piece('ab', -2),
];
const trainer = (...fields: number[][]): number[] => message(2, fields.flat());
const normalizer = (...fields: number[][]): number[] => message(3, fields.flat());
const spell = (bytes: readonly number[], text: string): string[] => {
  const tokenizer = tokenizerFromSentencePiece(Uint8Array.from(bytes));
  return tokenizer.encode(text).map((id) => tokenizer.tokenOf(id));
};

describe('tokenizerFromSentencePiece', () => {
  it('reads unigram, BPE and character models', () => {
    expect(spell(PIECES, 'ab  ba')).toEqual(['▁ab', '▁', 'b', 'a']);
    expect(spell([...PIECES, ...trainer(varint(3, 2))], 'ab')).toEqual(['▁ab']);
    expect(spell([...PIECES, ...trainer(varint(3, 4))], 'ab')).toEqual(['▁', 'a', 'b']);
  });

  it('treats spaces as the normaliser says', () => {
    expect(spell([...PIECES, ...normalizer(varint(3, 0))], ' ab ')).toEqual(['ab']);
    expect(spell([...PIECES, ...normalizer(varint(4, 0))], 'a ')).toEqual(['▁', 'a', '▁']);
    expect(spell(PIECES, '   ')).toEqual([]);
  });

  it('never makes control tokens of text, and adds BOS where asked', () => {
    const tokenizer = tokenizerFromSentencePiece(Uint8Array.from(PIECES));
    expect(tokenizer).toMatchObject({ bosId: 1, eosId: 2, unknownId: 0 });
    expect([...tokenizer.endIds]).toEqual([2]);
    expect(tokenizer.encode('</s>')).toEqual([3, 0]);
    expect(tokenizer.encode('ab', { addSpecial: true })).toEqual([1, 6]);
    expect(
      tokenizerFromSentencePiece(Uint8Array.from([...PIECES, ...trainer(varint(41, -1), varint(42, 99))])),
    ).toMatchObject({ bosId: undefined, eosId: undefined });
  });

  it('finds tokens that users defined before it merges', () => {
    expect(spell([...PIECES, ...piece('ba', 0, 4), ...trainer(varint(3, 2))], 'aba')).toEqual(['▁', 'a', 'ba']);
  });

  it('normalises by its charsmap, except for the tokens that users defined', () => {
    const pieces = [...piece('<unk>', 0, 2), ...piece('X', -1), ...piece('▁', -1), ...piece('aé', 0, 4)];
    const charsmap = message(2, [...smallCharsmap()]);
    expect(spell([...pieces, ...trainer(varint(3, 2)), ...normalizer(charsmap)], 'a\raéa')).toEqual([
      '▁',
      'X',
      '▁',
      'aé',
      'X',
    ]);
  });

  it.each<[string, number[], string]>([
    ['nothing', [], 'bad-tokenizer'],
    ['no pieces', trainer(varint(3, 1)), 'bad-tokenizer'],
    ['text', [...new TextEncoder().encode('{"model":')], 'bad-value'],
    ['a message that ends too early', PIECES.slice(0, -1), 'truncated'],
    ['a length beyond the file', [0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f], 'truncated'],
    ['a number that does not end', [0x08, ...Array.from({ length: 11 }, () => 0x80)], 'bad-value'],
    ['a group', [0x0b], 'bad-value'],
    ['a piece that is a number', varint(1, 7), 'bad-value'],
    ['a token that is a number', message(1, varint(1, 7)), 'bad-value'],
    ['a score that is no number', message(1, [...string(1, 'a'), ...float(2, NaN)]), 'bad-value'],
    ['a score that is a varint', message(1, [...string(1, 'a'), ...varint(2, 1)]), 'bad-value'],
    ['a type that is bytes', message(1, [...string(1, 'a'), ...string(3, 'x')]), 'bad-value'],
    ['a word model', [...PIECES, ...trainer(varint(3, 3))], 'unsupported-tokenizer'],
    ['spaces behind words', [...PIECES, ...trainer(varint(24, 1))], 'unsupported-tokenizer'],
    ['spaces that stay spaces', [...PIECES, ...normalizer(varint(5, 0))], 'unsupported-tokenizer'],
    ['a charsmap of one byte', [...PIECES, ...normalizer(string(2, 'x'))], 'bad-tokenizer'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => tokenizerFromSentencePiece(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ name: 'RealizarError', code }),
    );
  });

  it('either works or throws a RealizarError, whatever the bytes are', () => {
    const damaged = fc.tuple(fc.nat(PIECES.length - 1), fc.nat(255)).map(([at, byte]) => PIECES.with(at, byte));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.array(fc.nat(255), { maxLength: 60 })), fc.string(), (bytes, text) => {
        try {
          tokenizerFromSentencePiece(Uint8Array.from(bytes)).encode(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RealizarError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

const nfkc = sharedPath('reference/tokenizers/unigram-nfkc.model');
describeWithInputs('a charsmap with damage', [nfkc], () => {
  it('never throws and never runs away', () => {
    const whole = readFileSync(nfkc);
    // The charsmap is what most of this file consists of.
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 100_000, max: whole.length - 1000 }), fc.nat(255)), {
          minLength: 1,
          maxLength: 200,
        }),
        fc.string({ unit: 'grapheme' }),
        (changes, text) => {
          const bytes = Uint8Array.from(whole);
          for (const [at, byte] of changes) bytes[at] = byte;
          try {
            tokenizerFromSentencePiece(bytes).encode(`ﬁ½ ${text}`);
          } catch (error) {
            expect(error).toBeInstanceOf(RealizarError);
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
