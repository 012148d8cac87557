import { COPY_DST, MAP_READ, MODE_READ } from './gpu-flags.ts';
import type { Gpu } from './gpu.ts';
import type { StepPace } from './step-pace.ts';

// A logits row of a large vocabulary for each of some steps in flight; larger ones are rare.
const MAX_IDLE = 8;

/** Copies numbers out of the GPU through buffers that are kept for the next time. Several may be on their way. */
export class Readback {
  readonly #gpu: Gpu;
  readonly #idle: GPUBuffer[] = [];
  readonly #pace: StepPace | undefined;

  /** @param pace undefined: waiting costs nothing here */
  constructor(gpu: Gpu, pace?: StepPace) {
    this.#gpu = gpu;
    this.#pace = pace;
  }

  /**
   * Copies what `buffer` holds after all that is recorded, which is submitted with this call. Later calls may overwrite it.
   * @param rows of the step that is read; 0: another tensor
   * @throws RealizarError what went wrong on the device
   */
  async read(buffer: GPUBuffer, count: number, rows = 0): Promise<Float32Array> {
    const bytes = 4 * count;
    const staging = this.#staging(bytes);
    this.#gpu.copy(buffer, 0, staging, 0, bytes);
    this.#gpu.submit();
    const { health } = this.#gpu;
    const ask = () => health.race(staging.mapAsync(MODE_READ, 0, bytes));
    try {
      await (this.#pace ? this.#pace.read(rows, ask) : ask());
      await health.settled();
      return new Float32Array(staging.getMappedRange(0, bytes).slice(0));
    } finally {
      this.#giveBack(staging);
    }
  }

  #staging(bytes: number): GPUBuffer {
    const found = this.#idle.findIndex((buffer) => buffer.size >= bytes && buffer.size <= 2 * Math.max(bytes, 4096));
    if (found >= 0) return this.#idle.splice(found, 1)[0]!;
    const size = Math.max(256, 2 ** Math.ceil(Math.log2(bytes)));
    return this.#gpu.allocate(size, 'what is read', MAP_READ | COPY_DST);
  }

  #giveBack(buffer: GPUBuffer): void {
    if (buffer.mapState !== 'unmapped') buffer.unmap();
    this.#idle.push(buffer);
    if (this.#idle.length > MAX_IDLE) this.#idle.shift()!.destroy();
  }
}
