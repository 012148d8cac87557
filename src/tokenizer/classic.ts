import { RealizarError } from '../errors.ts';
import { bpeModel, mergeRules } from './bpe.ts';
import { PairTable } from './pair-table.ts';
import { TextTokenizer, type TokenizerParts } from './text-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { unigramModel } from './unigram.ts';
import { vocabularyOf, type Vocabulary } from './vocabulary.ts';

const UNKNOWN = '<unk>';

/**
 * One token per character (code point).
 *
 * @param tokens the id of a character is its index
 * @param unknown what a character without a token becomes; default `<unk>` if it is among the tokens, else nothing
 * @throws RealizarError `bad-tokenizer` for an empty list, a duplicate, or an unknown token that is not in the list
 *
 * @example
 * characterTokenizer(['<unk>', 'a', 'b']).encode('abc'); // [1, 2, 0]
 */
export function characterTokenizer(tokens: readonly string[], unknown?: string): Tokenizer {
  const vocabulary = uniqueVocabulary(tokens);
  const unknownId = unknownIdOf(vocabulary, unknown);
  const noMerges = { pairs: new PairTable(), ranks: new Int32Array(), results: new Int32Array() };
  return assembled(vocabulary, unknownId, { model: bpeModel(vocabulary, noMerges, { byteLevel: false, unknownId }) });
}

/**
 * Byte-pair encoding of characters, with merges in the order of their rank.
 *
 * @param tokens the id of a token is its index; every merge's parts and result must be among them
 * @param unknown as in `characterTokenizer`
 * @throws RealizarError `bad-tokenizer`
 *
 * @example
 * bpeTokenizer(['<unk>', 'h', 'i', 'hi'], [['h', 'i']], '<unk>').encode('hi!'); // [3, 0]
 */
export function bpeTokenizer(
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
  unknown?: string,
): Tokenizer {
  const vocabulary = uniqueVocabulary(tokens);
  const unknownId = unknownIdOf(vocabulary, unknown);
  return assembled(vocabulary, unknownId, {
    model: bpeModel(vocabulary, mergeRules(vocabulary, merges, 'merges'), { byteLevel: false, unknownId }),
  });
}

/**
 * The unigram model: the most likely way to write a text as tokens.
 *
 * @param pieces tokens with their log probabilities; the id is the index
 * @param unknown as in `characterTokenizer`
 * @throws RealizarError `bad-tokenizer`
 *
 * @example
 * unigramTokenizer([['<unk>', 0], ['a', -2], ['b', -2], ['ab', -3]]).encode('ab'); // [3]
 */
export function unigramTokenizer(
  pieces: readonly (readonly [token: string, score: number])[],
  unknown?: string,
): Tokenizer {
  const vocabulary = uniqueVocabulary(pieces.map(([token]) => token));
  const unknownId = unknownIdOf(vocabulary, unknown);
  const scores = Float64Array.from(pieces, ([, score]) => score);
  return assembled(vocabulary, unknownId, {
    model: unigramModel(vocabulary, scores, { unknownId, kindOf: (id) => (id === unknownId ? 'never' : 'normal') }),
  });
}

function assembled(
  vocabulary: Vocabulary,
  unknownId: number | undefined,
  parts: Pick<TokenizerParts, 'model'>,
): Tokenizer {
  const encoder = new TextEncoder();
  return new TextTokenizer({
    ...parts,
    vocabulary,
    unknownId,
    addedTokens: [],
    bytesOf: (id) => encoder.encode(vocabulary.tokens[id]),
    parsesSpecialByDefault: true,
  });
}

function uniqueVocabulary(tokens: readonly string[]): Vocabulary {
  const vocabulary = vocabularyOf(tokens, 'tokens');
  const duplicate = tokens.findIndex((token, id) => vocabulary.ids.get(token) !== id);
  if (duplicate >= 0)
    throw new RealizarError('bad-tokenizer', `tokens has ${JSON.stringify(tokens[duplicate])} twice`, {
      field: 'tokens',
    });
  return vocabulary;
}

function unknownIdOf(vocabulary: Vocabulary, unknown: string | undefined): number | undefined {
  const id = vocabulary.ids.get(unknown ?? UNKNOWN);
  if (unknown !== undefined && id === undefined)
    throw new RealizarError('bad-tokenizer', `the unknown token ${JSON.stringify(unknown)} is not among the tokens`, {
      field: 'unknown',
    });
  return id;
}
