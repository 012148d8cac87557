import type { MetadataValue } from '../../../src/checkpoint/checkpoint.ts';
import { CHARACTER_OF_BYTE } from '../../../src/tokenizer/byte-level.ts';

const MERGED = ['he', 'll', 'hell', 'hello', 'Ġw', 'ĠĠ'];
export const MERGES = ['h e', 'l l', 'he ll', 'hell o', 'Ġ w', 'Ġ Ġ'];
export const BYTE_LEVEL_TOKENS: readonly string[] = ['<|begin|>', '<|end|>', ...CHARACTER_OF_BYTE, ...MERGED];

/** A tokenizer.json with all bytes, six merges and two control tokens. */
export function byteLevelJson(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    added_tokens: [addedToken(0, '<|begin|>'), addedToken(1, '<|end|>')],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(BYTE_LEVEL_TOKENS.map((token, id) => [token, id])),
      merges: MERGES,
    },
    ...changes,
  };
}

export const addedToken = (id: number, content: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  id,
  content,
  special: true,
  normalized: false,
  lstrip: false,
  rstrip: false,
  single_word: false,
  ...changes,
});

/** The same as GGUF metadata. */
export function byteLevelMetadata(
  changes: Readonly<Record<string, MetadataValue | undefined>> = {},
): Map<string, MetadataValue> {
  const fields: Record<string, MetadataValue | undefined> = {
    model: 'gpt2',
    pre: 'gpt-2',
    tokens: BYTE_LEVEL_TOKENS,
    token_type: Int32Array.from(BYTE_LEVEL_TOKENS, (_, id) => (id < 2 ? 3 : 1)),
    merges: MERGES,
    bos_token_id: 0,
    eos_token_id: 1,
    ...changes,
  };
  return new Map(
    Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [[`tokenizer.ggml.${name}`, value] as const],
    ),
  );
}

const PIECES: readonly (readonly [token: string, score: number, type: number])[] = [
  ['<unk>', 0, 2],
  ['<s>', 0, 3],
  ['</s>', 0, 3],
  ['<0x21>', 0, 6],
  ['<tool>', 0, 4],
  ...['▁', 'h', 'e', 'l', 'o', 'w'].map((letter) => [letter, -100, 1] as const),
  ['he', -1, 1],
  ['ll', -2, 1],
  ['llo', -3, 1],
  ['▁he', -4, 1],
  ['hello', -5, 1],
  ['▁hello', -6, 1],
];

/** A small SentencePiece vocabulary as GGUF metadata. */
export function sentencePieceMetadata(
  changes: Readonly<Record<string, MetadataValue | undefined>> = {},
): Map<string, MetadataValue> {
  return byteLevelMetadata({
    model: 'llama',
    pre: undefined,
    merges: undefined,
    tokens: PIECES.map(([token]) => token),
    scores: Float32Array.from(PIECES, ([, score]) => score),
    token_type: Int32Array.from(PIECES, ([, , type]) => type),
    bos_token_id: 1,
    eos_token_id: 2,
    unknown_token_id: 0,
    ...changes,
  });
}
