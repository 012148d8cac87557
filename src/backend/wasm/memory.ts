import { RealizarError } from '../../errors.ts';
import { mebibytes } from '../mebibytes.ts';
import { MAX_PAGES } from './module.ts';
import { roundUp } from './round-up.ts';

const PAGE_BYTES = 65_536;

/** Grows by at least this much at a time: a call of grow is dear, and pages that nobody touches cost nothing. */
const GROWTH_BYTES = 16 * 2 ** 20;

/**
 * One WebAssembly memory, given out from the bottom and never taken back: weights, keys and values, constants, and the
 * pieces that arenas are made of.
 */
export class WasmMemory {
  readonly memory: WebAssembly.Memory;
  /** Views of all of it. Growing replaces them, so nobody may keep one over an allocation. */
  u8!: Uint8Array<ArrayBuffer>;
  i32!: Int32Array<ArrayBuffer>;
  f32!: Float32Array<ArrayBuffer>;
  /** How large it may become: at most what 32-bit pointers reach. */
  readonly maxBytes: number;
  #used: number;

  /**
   * @param base bytes at the bottom that belong to the module
   * @param maxPages of 64 KiB
   */
  constructor(memory: WebAssembly.Memory, base: number, maxPages = MAX_PAGES) {
    this.memory = memory;
    this.maxBytes = maxPages * PAGE_BYTES;
    this.#used = base;
    this.#renewViews();
  }

  get byteLength(): number {
    return this.u8.byteLength;
  }

  /**
   * @param alignment a power of two
   * @returns where the memory begins; it is zero
   * @throws RealizarError `out-of-memory`
   */
  allocate(bytes: number, what: string, alignment = 64): number {
    const start = roundUp(this.#used, alignment);
    this.#reserve(start + bytes, what, bytes);
    this.#used = start + bytes;
    return start;
  }

  /** Adds `bytes` to what was allocated last, if that ends at `end`. @returns whether it did */
  extend(end: number, bytes: number, what: string): boolean {
    if (end !== this.#used) return false;
    this.#reserve(end + bytes, what, bytes);
    this.#used = end + bytes;
    return true;
  }

  /**
   * Makes room for what is going to be allocated: growing once is cheaper than many times, and does not hold up threads that
   * touch new pages meanwhile. Where there is no such room, `allocate` will say what it was for.
   */
  makeRoom(bytes: number): void {
    try {
      this.#growTo(this.#used + bytes);
    } catch {
      // told by the allocation that needs it
    }
  }

  #growTo(end: number): void {
    const missing = end - this.byteLength;
    if (missing <= 0) return;
    if (end > this.maxBytes) throw new RangeError('beyond what it may have');
    const room = Math.min(Math.max(missing, GROWTH_BYTES), this.maxBytes - this.byteLength);
    this.memory.grow(Math.ceil(room / PAGE_BYTES));
    this.#renewViews();
  }

  #reserve(end: number, what: string, wanted: number): void {
    try {
      this.#growTo(end);
    } catch (cause) {
      throw new RealizarError(
        'out-of-memory',
        `${what} needs ${mebibytes(wanted)} beside the ${mebibytes(this.#used)} already in use, but a WebAssembly memory ` +
          `holds at most ${mebibytes(this.maxBytes)} and this machine may give less; try a smaller model or a shorter context`,
        { cause, field: what },
      );
    }
  }

  // Typed as plain buffers: nothing here can be resized or detached behind our back, which is what the types guard.
  #renewViews(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
  }
}
