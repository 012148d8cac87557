/** Turns one piece of normalised, cut text into ids. */
export interface TokenModel {
  /** Appends the ids of `piece` to `ids`. */
  encode(piece: string, ids: number[]): void;
}

// Pieces of up to 12 units: V8 copies those, while a longer slice would keep the whole text it was cut from alive.
const MAX_CACHED_LENGTH = 12;
const MAX_CACHED_PIECES = 2 ** 15;

/** Remembers the ids of short pieces: the same words come again and again. */
export function cached(model: TokenModel): TokenModel {
  const known = new Map<string, readonly number[]>();
  const remembered = (piece: string): readonly number[] => {
    const found = known.get(piece);
    if (found) return found;
    const ids: number[] = [];
    model.encode(piece, ids);
    if (known.size >= MAX_CACHED_PIECES) known.clear();
    known.set(piece, ids);
    return ids;
  };
  return {
    encode(piece, ids) {
      if (piece.length > MAX_CACHED_LENGTH) model.encode(piece, ids);
      else for (const id of remembered(piece)) ids.push(id);
    },
  };
}
