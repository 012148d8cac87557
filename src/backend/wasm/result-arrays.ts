/** Floats of a shared buffer. */
const SHARED = 4096;
/** Larger arrays have a buffer of their own: a view that somebody keeps must not keep much else. */
const LARGEST = 256;

/**
 * New arrays for results. Small ones are views of a buffer that they share, as Node's own Buffers are: to allocate a buffer for
 * each takes as long as a layer of a tiny model.
 */
export class ResultArrays {
  #shared = new ArrayBuffer(0);
  #used = 0;

  copyOf(values: Float32Array): Float32Array {
    const copy = this.#array(values.length);
    copy.set(values);
    return copy;
  }

  #array(length: number): Float32Array {
    if (length > LARGEST) return new Float32Array(length);
    if (this.#used + 4 * length > this.#shared.byteLength) {
      this.#shared = new ArrayBuffer(4 * SHARED);
      this.#used = 0;
    }
    const array = new Float32Array(this.#shared, this.#used, length);
    this.#used += 4 * length;
    return array;
  }
}
