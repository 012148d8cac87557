import { bpeModel, mergeRules } from '../bpe.ts';
import { reachesAcrossSpaces, SPACE_MARK } from '../metaspace.ts';
import type { TokenModel } from '../token-model.ts';
import { unigramModel } from '../unigram.ts';
import { MAX_TOKENS, vocabularyOf, type Vocabulary } from '../vocabulary.ts';
import {
  arrayAt,
  badJson,
  booleanAt,
  idAt,
  isId,
  objectAt,
  stringAt,
  unsupportedJson,
  type JsonObject,
} from './fields.ts';

/** The stage `model` of a tokenizer.json. */
export interface JsonModel {
  readonly vocabulary: Vocabulary;
  readonly unknownId: number | undefined;
  /** No token has a space after something else, so words may be encoded one by one. */
  readonly keepsWithinWords: boolean;
  create(options: { readonly byteLevel: boolean; readonly controlIds: ReadonlySet<number> }): TokenModel;
}

/** @throws RealizarError `bad-tokenizer` | `unsupported-tokenizer` */
export function jsonModel(value: unknown): JsonModel {
  const json = objectAt(value, 'model');
  const type = json['type'] ?? (json['merges'] === undefined ? 'Unigram' : 'BPE');
  if (type === 'BPE') return jsonBpe(json);
  if (type === 'Unigram') return jsonUnigram(json);
  throw unsupportedJson('model.type', type);
}

function jsonBpe(json: JsonObject): JsonModel {
  for (const name of ['continuing_subword_prefix', 'end_of_word_suffix']) {
    if (json[name]) throw unsupportedJson(`model.${name}`, json[name]);
  }
  const vocabulary = vocabularyOf(tokensOf(objectAt(json['vocab'], 'model.vocab')), 'model.vocab');
  const rules = mergeRules(vocabulary, mergesOf(json['merges']), 'model.merges');
  const unknownToken = json['unk_token'] ?? undefined;
  const unknownId =
    unknownToken === undefined ? undefined : vocabulary.ids.get(stringAt(unknownToken, 'model.unk_token'));
  const flag = (name: string): boolean => booleanAt(json[name], `model.${name}`, false);
  return {
    vocabulary,
    unknownId,
    keepsWithinWords:
      !flag('ignore_merges') &&
      vocabulary.ids.has(SPACE_MARK) &&
      !rules.results.some((id) => reachesAcrossSpaces(vocabulary.tokens[id]!)),
    create: ({ byteLevel, controlIds }) =>
      bpeModel(vocabulary, rules, {
        byteLevel,
        unknownId,
        ignoreMerges: flag('ignore_merges'),
        byteFallback: flag('byte_fallback'),
        fuseUnknown: flag('fuse_unk'),
        neverWhole: controlIds,
      }),
  };
}

function jsonUnigram(json: JsonObject): JsonModel {
  const entries = arrayAt(json['vocab'], 'model.vocab').map((entry, index) => {
    const field = `model.vocab[${index}]`;
    const [token, score] = arrayAt(entry, field);
    if (typeof score !== 'number') throw badJson(field, 'must be a token and its score');
    return { token: stringAt(token, field), score };
  });
  const vocabulary = vocabularyOf(entries.map(({ token }) => token), 'model.vocab'); // prettier-ignore
  const unknownId =
    json['unk_id'] === undefined || json['unk_id'] === null
      ? undefined
      : idAt(json['unk_id'], 'model.unk_id', entries.length);
  const byteFallback = booleanAt(json['byte_fallback'], 'model.byte_fallback', false);
  return {
    vocabulary,
    unknownId,
    keepsWithinWords: false,
    create: ({ controlIds }) =>
      unigramModel(vocabulary, Float64Array.from(entries, ({ score }) => score), {
        unknownId,
        byteFallback,
        kindOf: (id) => (controlIds.has(id) ? 'never' : 'normal'),
      }), // prettier-ignore
  };
}

/** `{ "hello": 7 }` as a list by id. */
function tokensOf(vocab: JsonObject): string[] {
  const tokens: string[] = [];
  for (const token in vocab) {
    const id = vocab[token];
    if (!isId(id, MAX_TOKENS))
      throw badJson(`model.vocab[${JSON.stringify(token.slice(0, 40))}]`, `must be an id below ${MAX_TOKENS}`);
    while (tokens.length <= id) tokens.push('');
    tokens[id] = token;
  }
  return tokens;
}

function mergesOf(value: unknown): (string | [string, string])[] {
  const merges = arrayAt(value, 'model.merges');
  const bad = merges.findIndex(
    (merge) =>
      typeof merge !== 'string' &&
      !(Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string')),
  );
  if (bad >= 0) throw badJson(`model.merges[${bad}]`, 'must be two tokens');
  return merges as (string | [string, string])[];
}
