/** Items of several sources as they come, each with the index of its source. Ends with the last source, or with the first error. */
export async function* interleave<Item>(
  sources: readonly AsyncIterable<Item>[],
): AsyncGenerator<{ index: number; item: Item }> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const pull = async (index: number): Promise<{ index: number; result: IteratorResult<Item> }> => ({
    index,
    result: await iterators[index]!.next(),
  });
  const pending = new Map(iterators.map((_, index) => [index, pull(index)]));
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values());
      if (result.done) {
        pending.delete(index);
        continue;
      }
      pending.set(index, pull(index));
      yield { index, item: result.value };
    }
  } finally {
    // The others may still be waiting for an item: nobody will hear of their errors any more.
    for (const rest of pending.values()) rest.catch(() => undefined);
    await Promise.allSettled(iterators.map(async (iterator) => await iterator.return?.()));
  }
}
