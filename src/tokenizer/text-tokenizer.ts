import { RealizarError } from '../errors.ts';
import { AddedTokenFinder, type AddedToken } from './added-tokens.ts';
import type { PreTokenizer } from './pre-tokenizer.ts';
import type { TokenModel } from './token-model.ts';
import type { DecodeOptions, EncodeOptions, Tokenizer } from './tokenizer.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Rewrites text before it is cut. `atStart`: whether it stands at the very start of what is encoded. */
export type Normalizer = (text: string, atStart: boolean) => string;

/** The stages of a tokenizer, in the order a text runs through them, and what its ids mean. */
export interface TokenizerParts {
  readonly vocabulary: Vocabulary;
  /** Found in the text as it was written. */
  readonly addedTokens: readonly AddedToken[];
  /** Found in the normalised text. */
  readonly normalizedAddedTokens?: readonly AddedToken[];
  readonly normalize?: Normalizer;
  readonly preTokenize?: PreTokenizer;
  readonly model: TokenModel;
  /** The bytes a token stands for in the middle of a text; not asked for control tokens. */
  readonly bytesOf: (id: number) => Uint8Array;
  /** Encoding puts a space before the text, so decoding takes one away. */
  readonly stripsLeadingSpace?: boolean;
  /** What `parseSpecial` is when nobody says. */
  readonly parsesSpecialByDefault: boolean;
  /** Added by `addSpecial` before and after the text. */
  readonly prefixIds?: readonly number[];
  readonly suffixIds?: readonly number[];
  readonly bosId?: number | undefined;
  readonly eosId?: number | undefined;
  readonly unknownId?: number | undefined;
  readonly endIds?: Iterable<number>;
}

const NO_BYTES = new Uint8Array();
const SPACE = 0x20;

/**
 * A tokenizer assembled from stages: find added tokens → normalise what lies between → cut → model.
 *
 * The pipeline is that of Hugging Face's tokenizers, which SentencePiece and GGUF's tokenizers fit into.
 */
export class TextTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly unknownId: number | undefined;
  readonly endIds: ReadonlySet<number>;
  private readonly parts: TokenizerParts;
  private readonly finder: AddedTokenFinder;
  private readonly normalizedFinder: AddedTokenFinder;
  private readonly controlIds: ReadonlySet<number>;

  constructor(parts: TokenizerParts) {
    this.parts = parts;
    this.vocabSize = parts.vocabulary.tokens.length;
    this.bosId = parts.bosId;
    this.eosId = parts.eosId;
    this.unknownId = parts.unknownId;
    this.endIds = new Set(parts.endIds);
    this.finder = new AddedTokenFinder(parts.addedTokens);
    this.normalizedFinder = new AddedTokenFinder(parts.normalizedAddedTokens ?? []);
    const added = [...parts.addedTokens, ...(parts.normalizedAddedTokens ?? [])];
    this.controlIds = new Set(added.filter((token) => token.control).map((token) => token.id));
  }

  encode(text: string, options: EncodeOptions = {}): number[] {
    const withControl = options.parseSpecial ?? this.parts.parsesSpecialByDefault;
    const ids: number[] = options.addSpecial ? [...(this.parts.prefixIds ?? [])] : [];
    const encodeNormalized = (piece: string, atStart: boolean): void => this.encodePlain(piece, atStart, ids);
    eachPart(this.finder, text.toWellFormed(), true, withControl, ids, (raw, rawAtStart) => {
      const normalized = this.parts.normalize ? this.parts.normalize(raw, rawAtStart) : raw;
      eachPart(this.normalizedFinder, normalized, rawAtStart, withControl, ids, encodeNormalized);
    });
    if (options.addSpecial) ids.push(...(this.parts.suffixIds ?? []));
    return ids;
  }

  private encodePlain(text: string, atStart: boolean, ids: number[]): void {
    const { model, preTokenize } = this.parts;
    if (preTokenize) preTokenize(text, atStart, (piece) => model.encode(piece, ids));
    else model.encode(text, ids);
  }

  decode(ids: Iterable<number>, options: DecodeOptions = {}): string {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (const id of ids) {
      const bytes =
        this.isSpecial(id) && options.skipSpecial === false
          ? new TextEncoder().encode(this.tokenOf(id))
          : this.bytesOf(id);
      chunks.push(bytes);
      length += bytes.length;
    }
    const whole = new Uint8Array(length);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    const start = this.parts.stripsLeadingSpace && whole[0] === SPACE ? 1 : 0;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole.subarray(start));
  }

  bytesOf(id: number): Uint8Array {
    return this.isSpecial(id) ? NO_BYTES : this.parts.bytesOf(id);
  }

  tokenOf(id: number): string {
    const token = this.parts.vocabulary.tokens[id];
    if (token === undefined)
      throw new RealizarError(
        'invalid-argument',
        `${id} is no token id; the vocabulary has ids 0 to ${this.vocabSize - 1}`,
      );
    return token;
  }

  idOf(token: string): number | undefined {
    return this.parts.vocabulary.ids.get(token);
  }

  isSpecial(id: number): boolean {
    this.tokenOf(id);
    return this.controlIds.has(id);
  }
}

/** Appends the ids of added tokens and hands on the text between them, in order. */
function eachPart(
  finder: AddedTokenFinder,
  text: string,
  atStart: boolean,
  withControl: boolean,
  ids: number[],
  onText: (part: string, atStart: boolean) => void,
): void {
  let at = 0;
  while (at < text.length) {
    const match = finder.find(text, at, withControl);
    const end = match ? match.start : text.length;
    if (end > at) onText(text.slice(at, end), atStart && at === 0);
    if (!match) return;
    ids.push(match.id);
    at = match.end;
  }
}
