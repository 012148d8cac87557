/**
 * The largest of each row, largest first; of equals the lower id first, and NaN before every number.
 *
 * @param logits [rows, vocab]
 * @param limit only the first so many columns count
 * @returns [rows, 2 · count]: ids, then their logits
 */
export function best(logits: Float32Array, vocab: number, count: number, limit: number): Float32Array {
  const rows = logits.length / vocab;
  const y = new Float32Array(rows * 2 * count);
  for (let r = 0; r < rows; r++) {
    const row = logits.subarray(r * vocab, r * vocab + limit);
    const order = Array.from(row.keys()).toSorted((a, b) =>
      isLarger(row[a]!, row[b]!) ? -1 : isLarger(row[b]!, row[a]!) ? 1 : a - b,
    );
    for (let i = 0; i < count; i++) {
      y[r * 2 * count + i] = order[i]!;
      y[r * 2 * count + count + i] = row[order[i]!]!;
    }
  }
  return y;
}

const isLarger = (a: number, b: number): boolean => a > b || (Number.isNaN(a) && !Number.isNaN(b));
