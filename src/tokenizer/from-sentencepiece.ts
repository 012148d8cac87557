import { RealizarError } from '../errors.ts';
import { Charsmap } from './charsmap.ts';
import { endOfGenerationIds } from './end-of-generation.ts';
import { fieldsOf, type ProtobufField } from './protobuf.ts';
import { PIECE_TYPE, sentencePieceTokenizer, type SentencePieceSpec } from './sentencepiece.ts';
import type { Tokenizer } from './tokenizer.ts';
import { MAX_TOKENS, vocabularyOf } from './vocabulary.ts';

// Field numbers of sentencepiece_model.proto.
const MODEL = { pieces: 1, trainerSpec: 2, normalizerSpec: 3 } as const;
const PIECE = { piece: 1, score: 2, type: 3 } as const;
const TRAINER = {
  modelType: 3,
  treatWhitespaceAsSuffix: 24,
  byteFallback: 35,
  unkId: 40,
  bosId: 41,
  eosId: 42,
} as const;
const NORMALIZER = {
  precompiledCharsmap: 2,
  addDummyPrefix: 3,
  removeExtraWhitespaces: 4,
  escapeWhitespaces: 5,
} as const;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const ALGORITHMS: ReadonlyMap<number, SentencePieceSpec['algorithm']> = new Map([
  [1, 'unigram'],
  [2, 'bpe'],
  [4, 'character'],
]);

/**
 * The tokenizer of a SentencePiece `tokenizer.model`: BPE, unigram or characters.
 *
 * @throws RealizarError `truncated` | `bad-value` | `bad-tokenizer` | `unsupported-tokenizer`
 * @see https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
 */
export function tokenizerFromSentencePiece(bytes: Uint8Array): Tokenizer {
  const tokens: string[] = [];
  const scores: number[] = [];
  const types: number[] = [];
  let trainer: ReadonlyMap<number, ProtobufField['value']> = new Map();
  let normalizer = trainer;
  for (const field of fieldsOf(bytes)) {
    if (field.number === MODEL.pieces) {
      if (tokens.length === MAX_TOKENS)
        throw new RealizarError('bad-tokenizer', `the model holds more than ${MAX_TOKENS} pieces`, { field: 'pieces' });
      const piece = fieldMap(field, bytes);
      tokens.push(decoder.decode(bytesOr(piece.get(PIECE.piece), 'piece')));
      scores.push(floatOf(piece.get(PIECE.score)));
      types.push(numberOr(piece.get(PIECE.type), PIECE_TYPE.normal));
    } else if (field.number === MODEL.trainerSpec) trainer = fieldMap(field, bytes);
    else if (field.number === MODEL.normalizerSpec) normalizer = fieldMap(field, bytes);
  }
  if (trainer.size === 0 && normalizer.size === 0 && tokens.length === 0)
    throw new RealizarError('bad-tokenizer', 'this is no SentencePiece model: it has no pieces');

  const vocabulary = vocabularyOf(tokens, 'pieces');
  const algorithm = ALGORITHMS.get(numberOr(trainer.get(TRAINER.modelType), 1));
  if (!algorithm) throw unsupported(`model_type ${numberOr(trainer.get(TRAINER.modelType), 1)}`);
  if (trainer.get(TRAINER.treatWhitespaceAsSuffix)) throw unsupported('treat_whitespace_as_suffix');
  if (normalizer.get(NORMALIZER.escapeWhitespaces) === 0) throw unsupported('escape_whitespaces = false');

  const roleId = (field: number, fallback: number): number | undefined => {
    // Absent roles are -1, a varint of ten bytes.
    const id = numberOr(trainer.get(field), fallback);
    return id < tokens.length ? id : undefined;
  };
  const [bosId, eosId, unknownId] = [roleId(TRAINER.bosId, 1), roleId(TRAINER.eosId, 2), roleId(TRAINER.unkId, 0)];
  const charsmap = bytesOr(normalizer.get(NORMALIZER.precompiledCharsmap), 'precompiled_charsmap');
  return sentencePieceTokenizer({
    algorithm,
    vocabulary,
    scores,
    types,
    byteFallback: numberOr(trainer.get(TRAINER.byteFallback), 0) !== 0,
    addDummyPrefix: numberOr(normalizer.get(NORMALIZER.addDummyPrefix), 1) !== 0,
    removeExtraWhitespaces: numberOr(normalizer.get(NORMALIZER.removeExtraWhitespaces), 1) !== 0,
    charsmap: charsmap.length > 0 ? new Charsmap(charsmap, 'precompiled_charsmap') : undefined,
    roles: {
      bosId,
      eosId,
      unknownId,
      endIds: [...(eosId === undefined ? [] : [eosId]), ...endOfGenerationIds((token) => vocabulary.ids.get(token), (id) => types[id] === PIECE_TYPE.control)], // prettier-ignore
      prefixIds: bosId === undefined ? [] : [bosId],
    },
  });
}

function fieldMap({ value }: ProtobufField, file: Uint8Array): ReadonlyMap<number, ProtobufField['value']> {
  const message = bytesOr(value, 'message');
  const fields = new Map<number, ProtobufField['value']>();
  for (const field of fieldsOf(message, message.byteOffset - file.byteOffset)) fields.set(field.number, field.value);
  return fields;
}

function bytesOr(value: ProtobufField['value'] | undefined, name: string): Uint8Array {
  if (value === undefined) return new Uint8Array();
  if (typeof value === 'number')
    throw new RealizarError('bad-value', `${name} is a number where bytes are expected`, { field: name });
  return value;
}

function numberOr(value: ProtobufField['value'] | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number') throw new RealizarError('bad-value', 'a field holds bytes where a number is expected');
  return value;
}

function floatOf(value: ProtobufField['value'] | undefined): number {
  if (value === undefined) return 0;
  const score =
    typeof value !== 'number' && value.length === 4
      ? new DataView(value.buffer, value.byteOffset).getFloat32(0, true)
      : NaN;
  if (!Number.isFinite(score))
    throw new RealizarError('bad-value', 'a piece has a score that is no number', { field: 'score' });
  return score;
}

const unsupported = (what: string): RealizarError =>
  new RealizarError('unsupported-tokenizer', `SentencePiece's ${what} is not supported`);
