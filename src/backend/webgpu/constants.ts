import { COPY_DST, UNIFORM } from './gpu-flags.ts';

// Shapes of kernels are few; a flood of them means that something changes from step to step.
const MAX_CONSTANTS = 4096;

/** Small uniform buffers that never change, each list of words once. */
export class Constants {
  readonly #device: GPUDevice;
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  of(words: readonly number[]): GPUBuffer {
    const key = words.join(' ');
    const known = this.#buffers.get(key);
    if (known) return known;
    // Uniform blocks are multiples of 16 bytes. The buffer is left to the garbage collector: a step in flight may read it.
    const data = new Uint32Array(Math.ceil(words.length / 4) * 4);
    data.set(words);
    const buffer = this.#device.createBuffer({ size: data.byteLength, usage: UNIFORM | COPY_DST });
    this.#device.queue.writeBuffer(buffer, 0, data);
    if (this.#buffers.size >= MAX_CONSTANTS) this.#buffers.clear();
    this.#buffers.set(key, buffer);
    return buffer;
  }
}
