import type { WasmMemory } from './memory.ts';
import { wholeCacheLines } from './round-up.ts';

/** An arena grows in pieces of at least this many bytes. */
const PIECE_BYTES = 2 ** 20;

/** A place in an arena; everything allocated after it is freed by going back to it. */
export interface Mark {
  readonly piece: number;
  readonly used: number;
}

interface Piece {
  readonly start: number;
  end: number;
}

/**
 * Memory that is given out upwards and freed all at once, back to a mark. It keeps what it once needed: its size is its peak.
 * Made of pieces, so that growing never moves what a recorded command points to.
 */
export class Arena {
  readonly #memory: WasmMemory;
  readonly #what: string;
  readonly #pieces: Piece[] = [];
  #piece = 0;
  #used = 0;

  constructor(memory: WasmMemory, what: string) {
    this.#memory = memory;
    this.#what = what;
  }

  /** @returns where `bytes` bytes begin, 64-byte aligned; what they hold is left over. @throws RealizarError `out-of-memory` */
  allocate(bytes: number): number {
    for (; this.#piece < this.#pieces.length; this.#piece++, this.#used = 0) {
      const piece = this.#pieces[this.#piece]!;
      const start = piece.start + this.#used;
      if (start + bytes > piece.end && !this.#extend(piece, start + bytes - piece.end)) continue;
      this.#used = wholeCacheLines(start + bytes - piece.start);
      return start;
    }
    const size = wholeCacheLines(Math.max(bytes, PIECE_BYTES));
    const start = this.#memory.allocate(size, this.#what);
    this.#pieces.push({ start, end: start + size });
    this.#used = wholeCacheLines(bytes);
    return start;
  }

  mark(): Mark {
    return { piece: this.#piece, used: this.#used };
  }

  release(mark: Mark): void {
    this.#piece = mark.piece;
    this.#used = mark.used;
  }

  /** Whether a place that it gave out has not been freed since. */
  holds(pointer: number): boolean {
    return this.#pieces.some(({ start, end }, i) => {
      const used = i < this.#piece ? end - start : i === this.#piece ? this.#used : 0;
      return pointer >= start && pointer < start + used;
    });
  }

  // Only the last piece may lie at the end of the memory.
  #extend(piece: Piece, missing: number): boolean {
    const bytes = wholeCacheLines(Math.max(missing, PIECE_BYTES));
    if (!this.#memory.extend(piece.end, bytes, this.#what)) return false;
    piece.end += bytes;
    return true;
  }
}
