/**
 * Buffers for activations, one buffer each: a driver follows what is written buffer by buffer, and would wait needlessly inside
 * a shared one. What a scope took goes back in reverse, so that the same calls get the same buffers step after step, and their
 * bind groups can be kept.
 */
export class ActivationPool {
  readonly #create: (bytes: number) => GPUBuffer;
  readonly #free = new Map<number, GPUBuffer[]>();
  readonly #scopes: GPUBuffer[][] = [];
  bytes = 0;

  constructor(create: (bytes: number) => GPUBuffer) {
    this.#create = create;
  }

  /** A buffer of at least so many bytes, full of whatever was there, until the innermost scope ends. */
  take(bytes: number): GPUBuffer {
    const buffer = this.borrow(bytes);
    this.#scopes.at(-1)?.push(buffer);
    return buffer;
  }

  /** The same, until it is given back. */
  borrow(bytes: number): GPUBuffer {
    const size = sizeClass(bytes);
    return this.#free.get(size)?.pop() ?? this.#created(size);
  }

  open(): void {
    this.#scopes.push([]);
  }

  close(): void {
    for (const buffer of this.#scopes.pop()?.toReversed() ?? []) this.give(buffer);
  }

  give(buffer: GPUBuffer): void {
    const free = this.#free.get(buffer.size);
    if (free) free.push(buffer);
    else this.#free.set(buffer.size, [buffer]);
  }

  /** Frees what nobody has: all of it, outside of scopes. */
  destroy(): void {
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
    this.bytes = 0;
  }

  #created(size: number): GPUBuffer {
    this.bytes += size;
    return this.#create(size);
  }
}

const SMALLEST = 256;

/** The next of four steps between powers of two: few sizes, at most a quarter too large. */
function sizeClass(bytes: number): number {
  if (bytes <= SMALLEST) return SMALLEST;
  const step = 2 ** Math.max(8, Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}
