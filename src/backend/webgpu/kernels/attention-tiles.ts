/**
 * Neighbouring rows of one sequence, at most `size` together: [first row, rows, 0, 0] of every tile.
 * @param sequenceOf [tokens], see `Batch`
 */
export function attentionTiles(sequenceOf: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const tiles: number[] = [];
  for (let first = 0; first < sequenceOf.length;) {
    let end = first + 1;
    while (end < sequenceOf.length && end - first < size && sequenceOf[end] === sequenceOf[first]) end++;
    tiles.push(first, end - first, 0, 0);
    first = end;
  }
  return Int32Array.from(tiles);
}
