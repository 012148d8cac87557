import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';
import type { AddedToken } from './added-tokens.ts';
import { bpeModel, mergeRules } from './bpe.ts';
import { fromByteLevel } from './byte-level.ts';
import { endOfGenerationIds } from './end-of-generation.ts';
import { booleanField, bytesField, idField, numbersField, stringField, stringsField } from './gguf-metadata.ts';
import { Charsmap } from './charsmap.ts';
import { CUT_OF_NAME } from './patterns.ts';
import { sequence } from './pre-tokenizer.ts';
import { PIECE_TYPE, sentencePieceTokenizer } from './sentencepiece.ts';
import { splitByPattern } from './split.ts';
import { TextTokenizer } from './text-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { normalForm } from './unicode-normal-form.ts';
import { vocabularyOf, type Vocabulary } from './vocabulary.ts';

type Metadata = ReadonlyMap<string, MetadataValue>;

/**
 * The tokenizer of a GGUF file, from its `tokenizer.ggml.*` metadata: byte-level BPE (`gpt2`), SentencePiece BPE
 * (`llama`) and unigram (`t5`). A file that holds only a vocabulary will do.
 *
 * @throws RealizarError `missing-metadata` | `bad-tokenizer` | `unsupported-tokenizer`, naming the key
 */
export function tokenizerFromGguf(metadata: Metadata): Tokenizer {
  const model = stringField(metadata, 'tokenizer.ggml.model');
  if (model === undefined)
    throw new RealizarError('missing-metadata', 'tokenizer.ggml.model is missing: the file has no tokenizer', {
      field: 'tokenizer.ggml.model',
    });
  const tokens = stringsField(metadata, 'tokenizer.ggml.tokens');
  if (!tokens)
    throw new RealizarError('missing-metadata', 'tokenizer.ggml.tokens is missing: the file has no vocabulary', {
      field: 'tokenizer.ggml.tokens',
    });
  const vocabulary = vocabularyOf(tokens, 'tokenizer.ggml.tokens');

  switch (model) {
    case 'gpt2':
      return byteLevelTokenizer(metadata, vocabulary);
    case 'llama':
      return sentencePiece(metadata, vocabulary, 'bpe');
    case 't5':
      return sentencePiece(metadata, vocabulary, 'unigram');
    default:
      throw new RealizarError(
        'unsupported-tokenizer',
        `tokenizer.ggml.model ${JSON.stringify(model.slice(0, 40))} is not supported; gpt2, llama and t5 are`,
        { field: 'tokenizer.ggml.model' },
      );
  }
}

function byteLevelTokenizer(metadata: Metadata, vocabulary: Vocabulary): Tokenizer {
  const name = stringField(metadata, 'tokenizer.ggml.pre') ?? 'default';
  const cut = CUT_OF_NAME.get(name);
  if (!cut)
    throw new RealizarError(
      'unsupported-tokenizer',
      `tokenizer.ggml.pre ${JSON.stringify(name.slice(0, 40))} is not supported`,
      { field: 'tokenizer.ggml.pre' },
    );
  const merges = stringsField(metadata, 'tokenizer.ggml.merges');
  if (!merges)
    throw new RealizarError(
      'missing-metadata',
      'tokenizer.ggml.merges is missing: byte-pair encoding needs its merges',
      { field: 'tokenizer.ggml.merges' },
    );

  const types = typesOf(metadata, vocabulary);
  const isControl = (id: number): boolean => types[id] === PIECE_TYPE.control || types[id] === PIECE_TYPE.unknown;
  const addedTokens = vocabulary.tokens.flatMap((content, id): AddedToken[] =>
    isControl(id) || types[id] === PIECE_TYPE.userDefined ? [{ id, content, control: isControl(id) }] : [],
  );
  const addedIds = new Set(addedTokens.map((token) => token.id));
  const encoder = new TextEncoder();
  return new TextTokenizer({
    vocabulary,
    addedTokens,
    ...(cut.nfc ? { normalize: (text) => normalForm(text, 'NFC') } : {}),
    preTokenize: sequence(cut.patterns.map((pattern) => splitByPattern(pattern))),
    model: bpeModel(vocabulary, mergeRules(vocabulary, merges, 'tokenizer.ggml.merges'), {
      byteLevel: true,
      ignoreMerges: cut.ignoreMerges ?? false,
      neverWhole: addedIds,
    }),
    bytesOf: (id) => (addedIds.has(id) ? encoder.encode(vocabulary.tokens[id]) : fromByteLevel(vocabulary.tokens[id]!)),
    parsesSpecialByDefault: true,
    ...rolesOf(metadata, vocabulary, types, false),
  });
}

function sentencePiece(metadata: Metadata, vocabulary: Vocabulary, algorithm: 'bpe' | 'unigram'): Tokenizer {
  const types = typesOf(metadata, vocabulary);
  const scores = numbersField(metadata, 'tokenizer.ggml.scores', vocabulary.tokens.length);
  if (!scores)
    throw new RealizarError(
      'missing-metadata',
      'tokenizer.ggml.scores is missing: SentencePiece needs the score of each token',
      { field: 'tokenizer.ggml.scores' },
    );
  const charsmap = bytesField(metadata, 'tokenizer.ggml.precompiled_charsmap');
  return sentencePieceTokenizer({
    algorithm,
    vocabulary,
    scores,
    types,
    byteFallback: true,
    addDummyPrefix: booleanField(metadata, 'tokenizer.ggml.add_space_prefix') ?? true,
    removeExtraWhitespaces: booleanField(metadata, 'tokenizer.ggml.remove_extra_whitespaces') ?? false,
    charsmap: charsmap ? new Charsmap(charsmap, 'tokenizer.ggml.precompiled_charsmap') : undefined,
    roles: rolesOf(metadata, vocabulary, types, algorithm === 'bpe'),
  });
}

/** Files without types have only ordinary tokens. */
function typesOf(metadata: Metadata, { tokens }: Vocabulary): ArrayLike<number> {
  return (
    numbersField(metadata, 'tokenizer.ggml.token_type', tokens.length) ??
    new Uint8Array(tokens.length).fill(PIECE_TYPE.normal)
  );
}

/** @param addsBos whether BOS is added where the file does not say: `llama` models want it */
function rolesOf(metadata: Metadata, { tokens, ids }: Vocabulary, types: ArrayLike<number>, addsBos: boolean) {
  const id = (name: string): number | undefined => idField(metadata, `tokenizer.ggml.${name}_token_id`, tokens.length);
  const [bosId, eosId] = [id('bos'), id('eos')];
  const named = [eosId, id('eot'), id('eom')].filter((end) => end !== undefined);
  const adds = (key: string, fallback: boolean, token: number | undefined): number[] =>
    (booleanField(metadata, key) ?? fallback) && token !== undefined ? [token] : [];
  return {
    bosId,
    eosId,
    unknownId: id('unknown'),
    endIds: [...named, ...endOfGenerationIds((token) => ids.get(token), (token) => types[token] === PIECE_TYPE.control)], // prettier-ignore
    prefixIds: adds('tokenizer.ggml.add_bos_token', addsBos, bosId),
    suffixIds: adds('tokenizer.ggml.add_eos_token', false, eosId),
  };
}
