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
  /** Changes where a buffer that a scope once had will not be free when scopes end: it was taken outside of them, or destroyed. */
  strays = 0;

  constructor(create: (bytes: number) => GPUBuffer) {
    this.#create = create;
  }

  /** A buffer of at least so many bytes, full of whatever was there, until the innermost scope ends. */
  take(bytes: number): GPUBuffer {
    const buffer = this.borrow(bytes);
    const scope = this.#scopes.at(-1);
    if (scope) scope.push(buffer);
    else this.strays++;
    return buffer;
  }

  /** The same, until it is given back. */
  borrow(bytes: number): GPUBuffer {
    const size = sizeClass(bytes);
    return this.#free.get(size)?.pop() ?? this.#created(size);
  }

  /** What `borrow` would return, if it has one. */
  next(bytes: number): GPUBuffer | undefined {
    return this.#free.get(sizeClass(bytes))?.at(-1);
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
    this.strays++;
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
