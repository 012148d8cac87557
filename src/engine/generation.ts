import { RealizarError } from '../errors.ts';
import { AsyncQueue } from './async-queue.ts';
import type { Generation, GenerationEvent, GenerationResult } from './events.ts';

/** The reader's side of a generation. Leaving a loop over it cancels it. */
export class QueuedGeneration implements Generation {
  readonly promptTokenIds: readonly number[];
  readonly #queue: AsyncQueue<GenerationEvent>;

  constructor(promptTokenIds: readonly number[], queue: AsyncQueue<GenerationEvent>) {
    this.promptTokenIds = promptTokenIds;
    this.#queue = queue;
  }

  events(): AsyncIterable<GenerationEvent> {
    return this.#queue;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, undefined> {
    for await (const { text } of this.#queue) if (text !== '') yield text;
  }

  async result(): Promise<GenerationResult> {
    const tokenIds: number[] = [];
    let text = '';
    for await (const event of this.#queue) {
      text += event.text;
      if (event.type === 'token') tokenIds.push(event.tokenId);
      else
        return {
          promptTokenIds: this.promptTokenIds,
          tokenIds,
          text,
          finishReason: event.reason,
          timings: event.timings,
        };
    }
    throw new RealizarError(
      'invalid-argument',
      'this generation was read already; use one of events(), result() and iteration',
    );
  }
}
