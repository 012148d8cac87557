// What the launchers in ../kernels write into memory and kernels read: one 32-bit word a field, in this order.

/** Keys and values of one layer, in tiles; see key-value-tiles.ts. */
@unmanaged
export class KvLayer {
  keys: usize;
  values: usize;
  numKvHeads: i32;
  headDim: i32;
  blockSize: i32;
  keyTileBytes: i32;
  valueTileBytes: i32;
  /** Number from kv-dtypes.ts. */
  dtype: i32;
}

@unmanaged
export class Batch {
  tokenIds: usize;
  positions: usize;
  slotMapping: usize;
  sequenceOf: usize;
  blockTable: usize;
  blocksPerSequence: i32;
}

/** cos and sin [tokens, dimensions / 2] f32 for the positions of a batch. */
@unmanaged
export class RopeTable {
  cos: usize;
  sin: usize;
  dimensions: i32;
  interleaved: i32;
}

/** Arguments of WRITE_KEYS_VALUES and ATTENTION. Pointers are 0 where a model has no such weight. */
@unmanaged
export class AttentionArguments {
  /** [tokens, numHeads · headDim] before head norm and rope. */
  q: usize;
  /** [tokens, numKvHeads · headDim] before head norm and rope. */
  k: usize;
  v: usize;
  out: usize;
  cache: KvLayer;
  batch: Batch;
  rope: RopeTable;
  queryNorm: usize;
  keyNorm: usize;
  /** [tiles] pairs: first row, number of rows. A tile's rows belong to one sequence. */
  tiles: usize;
  numHeads: i32;
  /** Query heads of one chunk; they share a key head. */
  headsPerChunk: i32;
  /** A query sees this many of the latest positions. */
  window: i32;
  /** 1: every row is the only one of its sequence, and its keys and values are still to be written. */
  writesOwnKeys: i32;
  scale: f32;
  normEps: f32;
  scratch: usize;
  scratchBytes: usize;
  /** Where each thread widens tiles that are not f32. */
  wideTiles: usize;
  wideTileBytes: usize;
}

@unmanaged
export class RepackArguments {
  layout: i32;
  dtype: i32;
  /** Row 8 · firstGroup as it lies in its file. */
  source: usize;
  sourceRowBytes: usize;
  weight: usize;
  rows: i32;
  columns: i32;
  firstGroup: i32;
  groups: i32;
  groupsPerChunk: i32;
  /** A word that becomes 1 where a value is out of the layout's range. */
  outOfRange: usize;
}

@unmanaged
export class EmbedArguments {
  layout: i32;
  table: usize;
  rows: i32;
  columns: i32;
  tokenIds: usize;
  out: usize;
  /** [tokens] rows of `best` where the token is, -1 where it is in `tokenIds`; or 0: all are. */
  chosen: usize;
  /** [rows, bestColumns] f32, the first of a row a token's id. */
  best: usize;
  bestColumns: i32;
}

@unmanaged
export class GatherRowsArguments {
  x: usize;
  rowBytes: usize;
  /** [chunks] row numbers. */
  rows: usize;
  out: usize;
}

@unmanaged
export class PrepareArguments {
  form: i32;
  /** [tokens, columns] f32 */
  x: usize;
  columns: i32;
  tokens: i32;
  /** [columns] f32, or 0: no norm. */
  norm: usize;
  normEps: f32;
  out: usize;
  /** Tokens of a chunk; 0: every thread prepares all tokens, into a buffer of its own. */
  tokensPerChunk: i32;
  /** From one thread's buffer to the next. */
  outThreadBytes: usize;
  /** A row for each thread. */
  rowScratch: usize;
}

@unmanaged
export class LinearArguments {
  layout: i32;
  weight: usize;
  /** f32 [rows], or 0. */
  bias: usize;
  rows: i32;
  columns: i32;
  groupsPerChunk: i32;
  prepared: usize;
  /** From one thread's prepared activations to the next; 0: all share one. */
  preparedThreadBytes: usize;
  tokens: i32;
  /** [tokens, rows] f32 */
  y: usize;
  accumulate: i32;
}

@unmanaged
export class GatedLinearArguments {
  gateLayout: i32;
  gateWeight: usize;
  gateBias: usize;
  gatePrepared: usize;
  gatePreparedThreadBytes: usize;
  upLayout: i32;
  upWeight: usize;
  upBias: usize;
  upPrepared: usize;
  upPreparedThreadBytes: usize;
  rows: i32;
  columns: i32;
  groupsPerChunk: i32;
  tokens: i32;
  /** [tokens, rows] f32: the result. */
  out: usize;
  /** [tokens, rows] f32: the up projection, before it is multiplied in. */
  up: usize;
}

/** Arguments of SCAN_BEST and MERGE_BEST. */
@unmanaged
export class BestArguments {
  /** [rows, vocab] f32 */
  logits: usize;
  vocab: i32;
  /** Only the first so many columns count. */
  limit: i32;
  count: i32;
  /** Parts of a row, all but the last of `columnsPerPart` columns. */
  parts: i32;
  columnsPerPart: i32;
  /** [rows, parts, count] pairs: key, id. */
  lists: usize;
  /** [rows, parts] entries that the merge has taken. */
  taken: usize;
  /** [rows, 2 · count] f32: ids, then their logits. */
  out: usize;
}
