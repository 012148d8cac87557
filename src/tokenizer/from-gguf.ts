import type { MetadataValue } from '../checkpoint/checkpoint.ts';
import { RealizarError } from '../errors.ts';
import type { AddedToken } from './added-tokens.ts';
import { bpeModel, mergeRules } from './bpe.ts';
import { fromByteLevel } from './byte-level.ts';
import { endOfGenerationIds } from './end-of-generation.ts';
import { booleanField, idField, numbersField, stringField, stringsField } from './gguf-metadata.ts';
import { CUT_OF_NAME } from './patterns.ts';
import { sequence } from './pre-tokenizer.ts';
import { splitByPattern } from './split.ts';
import { TextTokenizer, type TokenizerParts } from './text-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { vocabularyOf, type Vocabulary } from './vocabulary.ts';

type Metadata = ReadonlyMap<string, MetadataValue>;

/** `tokenizer.ggml.token_type`. */
const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/**
 * The tokenizer of a GGUF file, from its `tokenizer.ggml.*` metadata: byte-level BPE (`gpt2`), SentencePiece BPE
 * (`llama`) and unigram (`t5`). A file that holds only a vocabulary will do.
 *
 * @throws RealizarError `missing-metadata` | `bad-tokenizer` | `unsupported-tokenizer`, naming the key
 */
export function tokenizerFromGguf(metadata: Metadata): Tokenizer {
  const model = stringField(metadata, 'tokenizer.ggml.model');
  if (model === undefined) throw new RealizarError('missing-metadata', 'tokenizer.ggml.model is missing: the file has no tokenizer', { field: 'tokenizer.ggml.model' });
  const tokens = stringsField(metadata, 'tokenizer.ggml.tokens');
  if (!tokens) throw new RealizarError('missing-metadata', 'tokenizer.ggml.tokens is missing: the file has no vocabulary', { field: 'tokenizer.ggml.tokens' });
  const vocabulary = vocabularyOf(tokens, 'tokenizer.ggml.tokens');

  if (model === 'gpt2') return new TextTokenizer({ ...commonParts(metadata, vocabulary), ...byteLevelParts(metadata, vocabulary) });
  throw new RealizarError('unsupported-tokenizer', `tokenizer.ggml.model ${JSON.stringify(model.slice(0, 40))} is not supported; gpt2, llama and t5 are`, { field: 'tokenizer.ggml.model' });
}

function byteLevelParts(metadata: Metadata, vocabulary: Vocabulary) {
  const name = stringField(metadata, 'tokenizer.ggml.pre') ?? 'default';
  const cut = CUT_OF_NAME.get(name);
  if (!cut) throw new RealizarError('unsupported-tokenizer', `tokenizer.ggml.pre ${JSON.stringify(name.slice(0, 40))} is not supported`, { field: 'tokenizer.ggml.pre' });
  const merges = stringsField(metadata, 'tokenizer.ggml.merges');
  if (!merges) throw new RealizarError('missing-metadata', 'tokenizer.ggml.merges is missing: byte-pair encoding needs its merges', { field: 'tokenizer.ggml.merges' });
  const rules = mergeRules(vocabulary, merges, 'tokenizer.ggml.merges');
  return {
    model: bpeModel(vocabulary, rules, { byteLevel: true, ignoreMerges: cut.ignoreMerges ?? false }),
    preTokenize: sequence(cut.patterns.map((pattern) => splitByPattern(pattern))),
    ...(cut.nfc ? { normalize: (text: string) => text.normalize('NFC') } : {}),
    parsesSpecialByDefault: true,
    bytesOf: (id: number) => fromByteLevel(vocabulary.tokens[id]!),
  } satisfies Partial<TokenizerParts>;
}

/** What the ids mean, whatever the model. */
function commonParts(metadata: Metadata, vocabulary: Vocabulary) {
  const size = vocabulary.tokens.length;
  const types = numbersField(metadata, 'tokenizer.ggml.token_type', size);
  const id = (name: string): number | undefined => idField(metadata, `tokenizer.ggml.${name}_token_id`, size);
  const [bosId, eosId] = [id('bos'), id('eos')];
  const isControl = (token: number): boolean => types?.[token] === TOKEN_TYPE.control || types?.[token] === TOKEN_TYPE.unknown;

  const addedTokens: AddedToken[] = vocabulary.tokens.flatMap((content, index) => {
    const added = isControl(index) || types?.[index] === TOKEN_TYPE.userDefined;
    return added && content !== '' ? [{ id: index, content, control: isControl(index) }] : [];
  });
  const named = [eosId, id('eot'), id('eom')].filter((end) => end !== undefined);
  return {
    vocabulary,
    addedTokens,
    bosId,
    eosId,
    unknownId: id('unknown'),
    endIds: [...named, ...endOfGenerationIds((token) => vocabulary.ids.get(token), isControl)],
    prefixIds: booleanField(metadata, 'tokenizer.ggml.add_bos_token') && bosId !== undefined ? [bosId] : [],
    suffixIds: booleanField(metadata, 'tokenizer.ggml.add_eos_token') && eosId !== undefined ? [eosId] : [],
  } satisfies Partial<TokenizerParts>;
}
