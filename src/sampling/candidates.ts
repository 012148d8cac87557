/**
 * Tokens that may still be chosen. Samplers take one and return one; they never write into what they were given.
 *
 * A token at -Infinity is still counted (llama.cpp's top-n-sigma leaves such tokens) but can never be drawn.
 */
export interface Candidates {
  /** [n] */
  readonly ids: Int32Array;
  /** [n], in the order of `ids` */
  readonly logits: Float32Array;
  /** Whether the best comes first. */
  readonly sorted: boolean;
}

/** The ids 0 … size-1, as `candidatesOf` takes them: made once for a vocabulary. */
export const allIds = (size: number): Int32Array => Int32Array.from({ length: size }, (_, id) => id);

/** Every token of the vocabulary. The logits are not copied. */
export function candidatesOf(logits: Float32Array, ids: Int32Array = allIds(logits.length)): Candidates {
  return { ids, logits, sorted: false };
}

/** The best of a vocabulary, from ids [n] and then their logits [n], best first. */
export function candidatesOfBest(row: Float32Array): Candidates {
  const count = row.length / 2;
  return { ids: Int32Array.from(row.subarray(0, count)), logits: row.subarray(count), sorted: true };
}

/** The candidates at these places, in this order. */
export function pick(candidates: Candidates, places: ArrayLike<number>, sorted: boolean): Candidates {
  const ids = new Int32Array(places.length);
  const logits = new Float32Array(places.length);
  for (let i = 0; i < places.length; i++) {
    ids[i] = candidates.ids[places[i]!]!;
    logits[i] = candidates.logits[places[i]!]!;
  }
  return { ids, logits, sorted };
}

/** The first `count` of candidates, without copying. */
export function first(candidates: Candidates, count: number): Candidates {
  const { ids, logits, sorted } = candidates;
  return { ids: ids.subarray(0, count), logits: logits.subarray(0, count), sorted };
}

/**
 * Gives some tokens another logit.
 *
 * @param values by token id; tokens that are no candidates any more are ignored
 */
export function adjust<T>(
  candidates: Candidates,
  values: ReadonlyMap<number, T>,
  change: (logit: number, value: T) => number,
): Candidates {
  const { ids } = candidates;
  const logits = candidates.logits.slice();
  for (const [id, value] of values) {
    const place = ids[id] === id ? id : ids.indexOf(id); // in a whole vocabulary every token is at its own place
    if (place >= 0) logits[place] = change(logits[place]!, value);
  }
  return { ids, logits, sorted: false };
}
