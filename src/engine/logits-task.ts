import { RealizarError } from '../errors.ts';
import { AsyncQueue } from './async-queue.ts';
import type { RowResults } from './row-results.ts';
import { Sequence } from './sequence.ts';
import type { Task } from './task.ts';

/** Numbers handed out at once: 32 MiB, so that a large vocabulary makes short chunks instead of huge ones. */
const MAX_LOGITS_PER_CHUNK = 2 ** 23;

/** Hands out the logits of every position, and waits with the next chunk until the last one was taken. */
export class LogitsTask implements Task {
  readonly sequence: Sequence;
  readonly chunks: AsyncQueue<Float32Array>;
  readonly needed = undefined;
  readonly mayRunAhead = false;
  readonly #signal: AbortSignal | undefined;
  #left = false;

  constructor(tokenIds: readonly number[], vocabSize: number, signal: AbortSignal | undefined, wake: () => void) {
    this.sequence = new Sequence(tokenIds, 0, Math.max(1, Math.floor(MAX_LOGITS_PER_CHUNK / vocabSize)));
    this.#signal = signal;
    const leave = () => {
      this.#left = true;
      wake();
    };
    const resume = () => {
      this.sequence.paused = false;
      wake();
    };
    this.chunks = new AsyncQueue(leave, resume);
  }

  get cancelled(): boolean {
    return this.#left || this.#signal?.aborted === true;
  }

  onScheduled(): void {}

  accept({ data }: RowResults): boolean {
    const { sequence } = this;
    sequence.nextOutput = sequence.computed;
    sequence.paused = true;
    this.chunks.push(data);
    if (sequence.missing > 0) return false;
    this.chunks.close();
    return true;
  }

  onCancelled(): void {
    this.fail(new RealizarError('aborted', 'the computation of logits was cancelled'));
  }

  fail(error: RealizarError): void {
    this.chunks.fail(error);
  }
}
