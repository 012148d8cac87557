import { AddedTokenFinder, type AddedToken } from './added-tokens.ts';
import { bpeModel } from './bpe.ts';
import type { Charsmap } from './charsmap.ts';
import { beforeSpaces, reachesAcrossSpaces, SPACE_MARK } from './metaspace.ts';
import { scoreRules } from './score-rules.ts';
import { byteOfToken } from './symbols.ts';
import { TextTokenizer, type Normalizer, type TokenizerParts } from './text-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { unigramModel } from './unigram.ts';
import type { Vocabulary } from './vocabulary.ts';

/** What a token is for; the numbers are those of SentencePiece's files, which GGUF took over. */
export const PIECE_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** What a `tokenizer.model` and the metadata of a GGUF file say about a SentencePiece tokenizer. */
export interface SentencePieceSpec {
  readonly algorithm: 'bpe' | 'unigram' | 'character';
  readonly vocabulary: Vocabulary;
  readonly scores: ArrayLike<number>;
  readonly types: ArrayLike<number>;
  readonly byteFallback: boolean;
  /** A space is put in front of the text. */
  readonly addDummyPrefix: boolean;
  /** Spaces at both ends go, and runs of spaces become one. */
  readonly removeExtraWhitespaces: boolean;
  readonly charsmap?: Charsmap | undefined;
  /** What the ids mean, for `TextTokenizer`. */
  readonly roles: Pick<TokenizerParts, 'bosId' | 'eosId' | 'unknownId' | 'endIds' | 'prefixIds' | 'suffixIds'>;
}

/**
 * A SentencePiece tokenizer. Kudo & Richardson 2018, arXiv:1808.06226.
 *
 * Control tokens in a text are text, as they are for SentencePiece itself, unless `parseSpecial` asks for them.
 */
export function sentencePieceTokenizer(spec: SentencePieceSpec): Tokenizer {
  const { vocabulary, types, roles } = spec;
  const ofType = (...wanted: readonly number[]): AddedToken[] => {
    const found: AddedToken[] = [];
    vocabulary.tokens.forEach((content, id) => {
      const type = types[id]!;
      if (wanted.includes(type)) found.push({ id, content, control: type !== PIECE_TYPE.userDefined });
    });
    return found;
  };
  const userDefined = ofType(PIECE_TYPE.userDefined);
  const words =
    spec.algorithm !== 'unigram' && !vocabulary.tokens.some(reachesAcrossSpaces) && vocabulary.ids.has(SPACE_MARK);
  const encoder = new TextEncoder();
  return new TextTokenizer({
    vocabulary,
    addedTokens: ofType(PIECE_TYPE.control, PIECE_TYPE.unknown),
    // The unigram model weighs them against others itself.
    normalizedAddedTokens: spec.algorithm === 'unigram' ? [] : userDefined,
    normalize: normalizer(spec, userDefined),
    ...(words ? { preTokenize: beforeSpaces } : {}),
    model: spec.algorithm === 'unigram' ? unigram(spec) : bytePairs(spec),
    bytesOf: (id) => {
      const token = vocabulary.tokens[id]!;
      const byte = types[id] === PIECE_TYPE.byte ? byteOfToken(token) : undefined;
      return byte === undefined ? encoder.encode(token.replaceAll(SPACE_MARK, ' ')) : Uint8Array.of(byte);
    },
    stripsLeadingSpace: spec.addDummyPrefix,
    parsesSpecialByDefault: false,
    ...roles,
  });
}

function unigram({ vocabulary, scores, types, byteFallback, roles }: SentencePieceSpec) {
  const kindOf = (id: number) =>
    types[id] === PIECE_TYPE.normal ? 'normal' : types[id] === PIECE_TYPE.userDefined ? 'user-defined' : 'never';
  return unigramModel(vocabulary, scores, { unknownId: roles.unknownId, byteFallback, float32: true, kindOf });
}

function bytePairs({ algorithm, vocabulary, scores, types, byteFallback, roles }: SentencePieceSpec) {
  const inText = (id: number): boolean => types[id] === PIECE_TYPE.normal || types[id] === PIECE_TYPE.userDefined;
  const rules = scoreRules(vocabulary, scores, algorithm === 'bpe' ? inText : () => false);
  return bpeModel(vocabulary, rules, { byteLevel: false, byteFallback, unknownId: roles.unknownId, fuseUnknown: true });
}

function normalizer(
  { addDummyPrefix, removeExtraWhitespaces, charsmap }: SentencePieceSpec,
  userDefined: readonly AddedToken[],
): Normalizer {
  const replace = charsmap ? outside(userDefined, (text) => charsmap.replaceAll(text)) : (text: string) => text;
  return (text) => {
    if (text === '') return '';
    let changed = replace(text);
    if (removeExtraWhitespaces) changed = changed.replace(/^ +/, '').replace(/ {2,}/g, ' ');
    if (removeExtraWhitespaces && changed === '') return '';
    const marked = (addDummyPrefix ? SPACE_MARK : '') + changed.replaceAll(' ', SPACE_MARK);
    return removeExtraWhitespaces ? withoutSpacesAtEnd(marked) : marked;
  };
}

function withoutSpacesAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === SPACE_MARK) end--;
  return text.slice(0, end);
}

/** Changes a text except for the tokens in it. */
function outside(tokens: readonly AddedToken[], change: (text: string) => string): (text: string) => string {
  if (tokens.length === 0) return change;
  const finder = new AddedTokenFinder(tokens);
  return (text) => {
    let changed = '';
    let at = 0;
    for (let match = finder.find(text, 0, true); match; match = finder.find(text, at, true)) {
      changed += change(text.slice(at, match.start)) + text.slice(match.start, match.end);
      at = match.end;
    }
    return changed + change(text.slice(at));
  };
}
