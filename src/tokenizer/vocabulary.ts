import { RealizarError } from '../errors.ts';

/** Eight times the largest published vocabularies (262,144 tokens). */
export const MAX_TOKENS = 2 ** 21;
/** In UTF-16 units. Published tokens stay under 1,100 (runs of spaces); longer ones would only make lookups slow. */
export const MAX_TOKEN_LENGTH = 2 ** 14;

/** The list of tokens: a token's id is its index. */
export interface Vocabulary {
  /** The spelling of each id; an empty string where a file leaves an id out. */
  readonly tokens: readonly string[];
  /** The id of each spelling: of the first, where two ids share one. */
  readonly ids: ReadonlyMap<string, number>;
}

/** @throws RealizarError `bad-tokenizer` for no token, too many tokens or a giant token */
export function vocabularyOf(tokens: readonly string[], field: string): Vocabulary {
  if (tokens.length === 0)
    throw new RealizarError('bad-tokenizer', `${field} is empty: a tokenizer needs tokens`, { field });
  if (tokens.length > MAX_TOKENS)
    throw new RealizarError(
      'bad-tokenizer',
      `${field} holds ${tokens.length} tokens; at most ${MAX_TOKENS} are supported`,
      { field },
    );
  const ids = new Map<string, number>();
  for (let id = tokens.length - 1; id >= 0; id--) {
    const token = tokens[id]!;
    if (token.length > MAX_TOKEN_LENGTH)
      throw new RealizarError(
        'bad-tokenizer',
        `${field}[${id}] is ${token.length} characters long; at most ${MAX_TOKEN_LENGTH} are supported`,
        { field },
      );
    ids.set(token, id); // the first of equals comes last, and stays
  }
  return { tokens, ids };
}
