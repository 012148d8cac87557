import type { AttentionOptions, Batch, Rope } from '../backend.ts';
import { RealizarError } from '../../errors.ts';
import { attentionTiles, type AttentionTiles } from './kernels/attention-tiles.ts';
import type { Recorder } from './recorder.ts';

/** Rows [firstRow, firstRow + rows) of a batch: neighbours of one sequence. */
export interface Run {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstPosition: number;
}

/** A batch in memory, for as long as the recorded commands have not run. */
export interface BatchData {
  /** `Batch` of assembly/lib/structs.ts. */
  readonly pointer: number;
  readonly tokenIds: number;
  readonly runs: readonly Run[];
  /** The kv cache has to have at least so many of both. */
  readonly slots: number;
  readonly blocks: number;
  /** `RopeTable` for the batch's positions. */
  ropeTable(rope: Rope): number;
  /** How attention is cut; `pointer`: pairs of first row and number of rows. The same for all layers with the same options. */
  tiles(options: AttentionOptions, widens: boolean): AttentionTiles & { readonly pointer: number };
}

/** @throws RealizarError `invalid-argument` where a batch contradicts itself */
export function batchData(recorder: Recorder, batch: Batch): BatchData {
  check(batch);
  const tokenIds = recorder.constantWords(batch.tokenIds);
  const pointer = recorder.constantWords([
    tokenIds,
    recorder.constantWords(batch.positions),
    recorder.constantWords(batch.slotMapping),
    recorder.constantWords(batch.sequenceOf),
    recorder.constantWords(batch.blockTable),
    batch.blocksPerSequence,
  ]);
  const runs = runsOf(batch);
  const ropeTable = onceFor(
    (rope: Rope) => rope,
    (rope) => writeRopeTable(recorder, rope, batch.positions),
  );
  const tilesOf = onceFor(tilingKey, ({ options, widens }) => {
    const cut = attentionTiles(runs, options, recorder.threads, widens);
    const pairs = cut.tiles.flatMap(({ firstRow, rows }) => [firstRow, rows]);
    return { ...cut, pointer: recorder.constantWords(pairs) };
  });
  const tiles = (options: AttentionOptions, widens: boolean) => tilesOf({ options, widens });
  return { pointer, tokenIds, runs, slots: end(batch.slotMapping), blocks: end(batch.blockTable), ropeTable, tiles };
}

/** What tiles depend on. */
interface Tiling {
  readonly options: AttentionOptions;
  readonly widens: boolean;
}

const tilingKey = ({ options: { numHeads, numKvHeads, headDim, slidingWindow }, widens }: Tiling): string =>
  `${numHeads} ${numKvHeads} ${headDim} ${slidingWindow} ${widens}`;

/** `make`, which is asked once for each key. */
function onceFor<T, R>(keyOf: (given: T) => unknown, make: (given: T) => R): (given: T) => R {
  const made = new Map<unknown, R>();
  return (given) => {
    const key = keyOf(given);
    const known = made.get(key);
    if (known !== undefined) return known;
    const result = make(given);
    made.set(key, result);
    return result;
  };
}

/** Angles in float64: at position 100,000 a float32 angle is off by 0.004. */
function writeRopeTable(recorder: Recorder, rope: Rope, positions: Int32Array): number {
  const pairs = rope.dimensions / 2;
  const cos = new Float32Array(positions.length * pairs);
  const sin = new Float32Array(positions.length * pairs);
  let at = 0;
  for (const position of positions) {
    for (let i = 0; i < pairs; i++, at++) {
      const angle = position * rope.frequencies[i]!;
      cos[at] = Math.cos(angle) * rope.magnitude;
      sin[at] = Math.sin(angle) * rope.magnitude;
    }
  }
  const interleaved = rope.pairing === 'interleaved' ? 1 : 0;
  return recorder.constantWords([
    recorder.constantFloats(cos),
    recorder.constantFloats(sin),
    rope.dimensions,
    interleaved,
  ]);
}

function runsOf({ sequenceOf, positions }: Batch): Run[] {
  const runs: Run[] = [];
  for (let row = 0; row < sequenceOf.length;) {
    const firstRow = row;
    while (row < sequenceOf.length && sequenceOf[row] === sequenceOf[firstRow]) row++;
    runs.push({ firstRow, rows: row - firstRow, firstPosition: positions[firstRow]! });
  }
  return runs;
}

const end = (numbers: Int32Array): number => numbers.reduce((most, n) => Math.max(most, n + 1), 0);

function check({
  tokenIds,
  positions,
  slotMapping,
  sequenceOf,
  blockTable,
  blocksPerSequence,
  blockSize,
}: Batch): void {
  const tokens = tokenIds.length;
  const sameLength = [positions, slotMapping, sequenceOf].every(({ length }) => length === tokens);
  const sequences = blockTable.length / Math.max(1, blocksPerSequence);
  const isSound =
    sameLength &&
    positions.every((position) => position >= 0 && position < blocksPerSequence * blockSize) &&
    sequenceOf.every((sequence) => sequence >= 0 && sequence < sequences) &&
    slotMapping.every((slot) => slot >= 0) &&
    blockTable.every((block) => block >= 0);
  if (isSound) return;
  throw new RealizarError(
    'invalid-argument',
    'a batch has arrays of different lengths, or numbers beyond its block table',
  );
}
