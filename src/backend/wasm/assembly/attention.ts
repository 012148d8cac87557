// Causal grouped-query attention over the paged cache: out = softmax(scale · q kᵀ) v.
// Vaswani et al. 2017, arXiv:1706.03762; grouped queries: Ainslie et al. 2023, arXiv:2305.13245.
//
// A chunk is (tile of a sequence's rows) × (query heads that share a key head), so that keys and values are loaded once for
// all of them. A score sums over the head in its order; a mixed value sums over positions in their order; tiles only decide
// how many such sums run side by side. So the bits of a row do not depend on its tile.
import { mixValues } from './attention-mix';
import { scoreKeys } from './attention-scores';
import { keyGroups, panelsOf, valueSlots } from './key-value-tiles';
import { AttentionArguments } from './lib/structs';
import { softmaxWeights } from './softmax';
import { positionedHead, writeKeyValue } from './write-keys-values';

export function attention(args: usize, chunk: i32, thread: i32): void {
  const a = changetype<AttentionArguments>(args);
  const cache = a.cache;
  const headDim = cache.headDim;
  const parts = a.numHeads / a.headsPerChunk;
  const tile = a.tiles + (<usize>(chunk / parts) << 3);
  const firstRow = load<i32>(tile);
  const tokens = load<i32>(tile, 4);
  const firstHead = (chunk % parts) * a.headsPerChunk;
  const kvHead = firstHead / (a.numHeads / cache.numKvHeads);
  const rows = tokens * a.headsPerChunk;
  const rowBlocks = (rows + 3) >> 2;

  // Keys [base, end) in positions; base is a multiple of 4 for softmax's sake.
  const firstPosition = load<i32>(a.batch.positions + (<usize>firstRow << 2));
  const base = max<i32>(0, firstPosition - a.window + 1) & ~3;
  const end = firstPosition + tokens;
  const length = (end - base + 3) & ~3;
  const rowBytes = <usize>(length + 16) << 2; // eight numbers of margin on both sides: key groups reach over the ends
  const panels = panelsOf(headDim);
  const mixedBytes = <usize>panels << 5;

  // scratch: two heads | queries [rows / 4][headDim][4] | scores [rows][8 + length + 8] | mixed [rows][headDim]
  const heads = a.scratch + <usize>thread * a.scratchBytes;
  const queries = heads + (mixedBytes << 1);
  const scores = queries + <usize>rowBlocks * <usize>(headDim << 4) + 32;
  const mixed = scores + <usize>(rowBlocks << 2) * rowBytes - 32;

  const wideTile = a.wideTiles + <usize>thread * a.wideTileBytes;
  if (a.writesOwnKeys) writeKeyValue(a, firstRow, kvHead, heads);

  memory.fill(queries, 0, <usize>rowBlocks * <usize>(headDim << 4));
  for (let row = 0; row < rows; row++) {
    const token = firstRow + row / a.headsPerChunk;
    const head = firstHead + (row % a.headsPerChunk);
    const from = a.q + <usize>(token * a.numHeads + head) * (<usize>headDim << 2);
    const query = positionedHead(a, from, a.queryNorm, token, heads);
    let to = queries + <usize>(row >> 2) * <usize>(headDim << 4) + (<usize>(row & 3) << 2);
    for (let d = 0; d < headDim; d++, to += 16) f32.store(to, f32.load(query + (<usize>d << 2)) * a.scale);
  }

  const sequence = load<i32>(a.batch.sequenceOf + (<usize>firstRow << 2));
  const blockTable = a.batch.blockTable + (<usize>(sequence * a.batch.blocksPerSequence) << 2);
  const blockSize = cache.blockSize;
  const firstBlock = base / blockSize;
  const lastBlock = (end - 1) / blockSize;
  for (let b = firstBlock; b <= lastBlock; b++) {
    const start = b * blockSize;
    const firstGroup = max<i32>(base - start, 0) >> 3;
    const groups = ((min<i32>(end - start, blockSize) + 7) >> 3) - firstGroup;
    const groupBytes = <usize>(headDim << 5);
    const keys = keyGroups(cache, load<i32>(blockTable + (<usize>b << 2)), kvHead, firstGroup, groups, wideTile);
    const to = scores + (<isize>(start + (firstGroup << 3) - base) << 2);
    scoreKeys(queries, rows, keys, groups, groupBytes, to, rowBytes);
  }

  for (let row = 0; row < rows; row++) {
    const position = firstPosition + row / a.headsPerChunk;
    const from = max<i32>(0, position - a.window + 1) - base;
    const sum = softmaxWeights(scores + <usize>row * rowBytes, from, position + 1 - base, length);
    f32.store(queries + (<usize>row << 2), sum); // the queries are done with
  }

  memory.fill(mixed, 0, <usize>(rowBlocks << 2) * mixedBytes);
  const firstKey = max<i32>(0, firstPosition - a.window + 1);
  for (let b = firstBlock; b <= lastBlock; b++) {
    const start = b * blockSize;
    const slot = max<i32>(firstKey - start, 0);
    const count = min<i32>(end - start, blockSize) - slot;
    if (count <= 0) continue;
    const values = valueSlots(cache, load<i32>(blockTable + (<usize>b << 2)), kvHead, slot, count, wideTile);
    const weights = scores + (<usize>(start + slot - base) << 2);
    mixValues(weights, rows, rowBytes, values, panels, <usize>blockSize << 5, count, mixed);
  }

  for (let row = 0; row < rows; row++) {
    const token = firstRow + row / a.headsPerChunk;
    const head = firstHead + (row % a.headsPerChunk);
    const from = mixed + <usize>row * mixedBytes;
    const to = a.out + <usize>(token * a.numHeads + head) * (<usize>headDim << 2);
    const inverse = <f32>1 / f32.load(queries + (<usize>row << 2));
    for (let d: usize = 0; d < <usize>headDim << 2; d += 4) f32.store(to + d, f32.load(from + d) * inverse);
  }
}
