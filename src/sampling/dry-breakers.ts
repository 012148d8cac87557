/**
 * The tokens at which DRY starts anew: those whose text contains one of the breakers.
 *
 * Reads the whole vocabulary, so keep the answer for as long as the breakers stay the same.
 *
 * @param textOf the text of a token in the middle of a text
 */
export function breakerIdsOf(
  breakers: readonly string[],
  vocabSize: number,
  textOf: (id: number) => string,
): Set<number> {
  const ids = new Set<number>();
  for (let id = 0; id < vocabSize; id++) {
    const text = textOf(id);
    if (breakers.some((breaker) => text.includes(breaker))) ids.add(id);
  }
  return ids;
}
