import { countOf } from '../../tensor/tensor.ts';
import { ActivationPool } from './activation-pool.ts';
import type { Gpu } from './gpu.ts';
import { type GpuTensor, numbersIn } from './gpu-tensor.ts';

/** What `best` found, of no scope: later steps may take their tokens from there. The oldest makes room. */
export class BestTokens {
  readonly #gpu: Gpu;
  readonly #pool: ActivationPool;
  readonly #capacity: number;
  readonly #held: GpuTensor[] = [];
  /** How many were taken in all. */
  taken = 0;

  /** @param capacity how many are held at a time */
  constructor(gpu: Gpu, capacity: number) {
    this.#gpu = gpu;
    this.#capacity = capacity;
    this.#pool = new ActivationPool((bytes) => gpu.allocate(bytes, 'the best tokens'));
  }

  get latest(): GpuTensor | undefined {
    return this.#held.at(-1);
  }

  take(shape: readonly number[]): GpuTensor {
    return this.#hold(numbersIn(this.#gpu, shape, (bytes) => this.#pool.borrow(bytes)));
  }

  /** Whether `take` would now give the buffer of a tensor that it gave before. */
  isNext({ shape, buffer }: GpuTensor): boolean {
    return this.#pool.next(4 * countOf(shape)) === buffer;
  }

  /** Takes a tensor once more that `isNext`. */
  takeAgain(tensor: GpuTensor): void {
    this.#pool.borrow(4 * countOf(tensor.shape));
    tensor.isOver = false;
    this.#hold(tensor);
  }

  #hold(tensor: GpuTensor): GpuTensor {
    this.taken++;
    this.#held.push(tensor);
    if (this.#held.length > this.#capacity) {
      const oldest = this.#held.shift()!;
      oldest.isOver = true;
      this.#pool.give(oldest.buffer);
    }
    return tensor;
  }
}
