import type { AddedToken } from './added-tokens.ts';
import { endOfGenerationIds } from './end-of-generation.ts';
import { jsonAddedTokens } from './json/added-tokens.ts';
import { jsonDecoder } from './json/decoder.ts';
import { isObject, objectAt } from './json/fields.ts';
import { jsonModel } from './json/model.ts';
import { jsonNormalizer } from './json/normalizer.ts';
import { jsonPostProcessor } from './json/post-processor.ts';
import { jsonPreTokenizer } from './json/pre-tokenizer.ts';
import { parseSource } from './json/source.ts';
import { beforeSpaces } from './metaspace.ts';
import { TextTokenizer } from './text-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { vocabularyOf, type Vocabulary } from './vocabulary.ts';

/**
 * The tokenizer of a `tokenizer.json` (Hugging Face tokenizers): BPE and Unigram models with the normalizers,
 * pre-tokenizers and decoders that language models use.
 *
 * Each file is its bytes, its text, or what parsing it gave.
 *
 * @param tokenizerConfig `tokenizer_config.json`: BOS and EOS
 * @param generationConfig `generation_config.json`: more ids that end an answer
 * @throws RealizarError `bad-json` | `bad-tokenizer` | `unsupported-tokenizer`, naming the field
 */
export function tokenizerFromJson(
  tokenizerJson: unknown,
  tokenizerConfig: unknown = {},
  generationConfig: unknown = {},
): Tokenizer {
  const json = objectAt(parseSource(tokenizerJson, 'tokenizer.json'), 'tokenizer.json');
  const model = jsonModel(json['model']);
  const added = jsonAddedTokens(json['added_tokens']);
  const vocabulary = withAddedTokens(model.vocabulary, added);
  const controlIds = new Set(added.filter((token) => token.control).map((token) => token.id));

  const normalize = jsonNormalizer(json['normalizer']);
  const { preTokenize = model.keepsWithinWords ? beforeSpaces : undefined, byteLevel } = jsonPreTokenizer(
    json['pre_tokenizer'],
  );
  const decoder = jsonDecoder(json['decoder']);
  const addedIds = new Set(added.map((token) => token.id));

  const idOf = (token: string): number | undefined => vocabulary.ids.get(token);
  const config = objectAt(parseSource(tokenizerConfig, 'tokenizer_config.json'), 'tokenizer_config.json');
  const generation = objectAt(parseSource(generationConfig, 'generation_config.json'), 'generation_config.json');
  const bosId = namedId(config['bos_token'], idOf) ?? generationIds(generation['bos_token_id'], vocabulary)[0];
  const generationEnds = generationIds(generation['eos_token_id'], vocabulary);
  const eosId = namedId(config['eos_token'], idOf) ?? generationEnds[0];

  return new TextTokenizer({
    vocabulary,
    addedTokens: added.filter((token) => !token.normalized),
    // They are looked for as the normaliser would write them.
    normalizedAddedTokens: added
      .filter((token) => token.normalized)
      .map((token) => ({ ...token, content: normalize ? normalize(token.content, true) : token.content })),
    ...(normalize ? { normalize } : {}),
    ...(preTokenize ? { preTokenize } : {}),
    model: model.create({ byteLevel, controlIds }),
    bytesOf: (id) => decoder.bytesOf(vocabulary.tokens[id]!, addedIds.has(id)),
    stripsLeadingSpace: decoder.stripsLeadingSpace,
    parsesSpecialByDefault: true,
    ...jsonPostProcessor(json['post_processor'], vocabulary.tokens.length),
    bosId,
    eosId,
    unknownId: model.unknownId,
    endIds: [
      ...(eosId === undefined ? [] : [eosId]),
      ...generationEnds,
      ...endOfGenerationIds(idOf, (id) => controlIds.has(id)),
    ],
  });
}

/** Added tokens have ids of their own, or say more about a token of the model. */
function withAddedTokens(vocabulary: Vocabulary, added: readonly AddedToken[]): Vocabulary {
  const tokens = [...vocabulary.tokens];
  for (const { id, content } of added) {
    while (tokens.length <= id) tokens.push('');
    tokens[id] = content;
  }
  return vocabularyOf(tokens, 'added_tokens');
}

/** `"</s>"`, or an added token with that content. */
function namedId(value: unknown, idOf: (token: string) => number | undefined): number | undefined {
  const content = isObject(value) ? value['content'] : value;
  return typeof content === 'string' ? idOf(content) : undefined;
}

/** One id or a list of ids; those that the vocabulary lacks are left out. */
function generationIds(value: unknown, vocabulary: Vocabulary): number[] {
  return [value].flat().filter((id): id is number => typeof id === 'number' && vocabulary.tokens[id] !== undefined);
}
