import type { Batch } from '../../../src/backend/backend.ts';

/** Some next rows of one sequence. */
export interface Chunk {
  readonly sequence: number;
  /** Position of the first row. */
  readonly start: number;
  readonly ids: readonly number[];
  /** The first blocks are those of another sequence, with which this one shares its start. */
  readonly prefix?: { readonly sequence: number; readonly blocks: number };
}

/** Cache blocks shared by several sequences, dealt out scattered so that nothing works by chance. */
export interface Pool {
  readonly blockSize: number;
  readonly numSequences: number;
  readonly blocksPerSequence: number;
}

export const poolBlocks = ({ numSequences, blocksPerSequence }: Pool): number => numSequences * blocksPerSequence;

/** Block `i` of a chunk's sequence: sequences interleaved, from the pool's end to its start. */
function blockOf(pool: Pool, { sequence, prefix }: Chunk, i: number): number {
  const owner = prefix && i < prefix.blocks ? prefix.sequence : sequence;
  return poolBlocks(pool) - 1 - (i * pool.numSequences + owner);
}

/** The chunks' rows, one after another, all of them wanted. */
export function batchOf(pool: Pool, chunks: readonly Chunk[]): Batch {
  const { blockSize, blocksPerSequence } = pool;
  const rows = chunks.flatMap((chunk, index) =>
    chunk.ids.map((id, i) => {
      const position = chunk.start + i;
      const slot = blockOf(pool, chunk, Math.floor(position / blockSize)) * blockSize + (position % blockSize);
      return { id, position, slot, index };
    }),
  );
  return {
    tokenIds: Int32Array.from(rows, (row) => row.id),
    positions: Int32Array.from(rows, (row) => row.position),
    slotMapping: Int32Array.from(rows, (row) => row.slot),
    sequenceOf: Int32Array.from(rows, (row) => row.index),
    blockTable: Int32Array.from(
      chunks.flatMap((chunk) => {
        const used = Math.ceil((chunk.start + chunk.ids.length) / blockSize);
        return Array.from({ length: blocksPerSequence }, (_, i) => (i < used ? blockOf(pool, chunk, i) : 0));
      }),
    ),
    blocksPerSequence,
    blockSize,
    outputRows: Int32Array.from(rows.keys()),
  };
}

/** A batch of one-token sequences that only `embed` looks at. */
export function idsOnly(ids: readonly number[]): Batch {
  const pool = { blockSize: 1, numSequences: ids.length, blocksPerSequence: 1 };
  return batchOf(
    pool,
    ids.map((id, sequence) => ({ sequence, start: 0, ids: [id] })),
  );
}

/** 0, 1, ..., count - 1 */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
