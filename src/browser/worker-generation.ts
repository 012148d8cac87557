import { AsyncQueue } from '../engine/async-queue.ts';
import type { GenerationEvent, GenerationResult } from '../engine/events.ts';
import { RealizarError } from '../errors.ts';

/** A generation in a worker. Iterate it for text pieces; `events()` for everything; `result()` to wait for the end. Use one of the three. */
export class WorkerGeneration implements AsyncIterable<string> {
  /** Known when the worker has started. */
  readonly promptTokenIds: Promise<readonly number[]>;
  readonly #queue: AsyncQueue<GenerationEvent>;
  readonly #started = Promise.withResolvers<readonly number[]>();

  /** @param onLeave called when the reader leaves before the end */
  constructor(onLeave: () => void) {
    this.#queue = new AsyncQueue(onLeave);
    this.promptTokenIds = this.#started.promise;
    this.promptTokenIds.catch(() => {}); // the queue tells it too
  }

  /** For the engine. */
  start(promptTokenIds: readonly number[]): void {
    this.#started.resolve(promptTokenIds);
  }

  /** For the engine. */
  push(event: GenerationEvent): void {
    this.#queue.push(event);
    if (event.type === 'finish') this.#queue.close();
  }

  /** For the engine. */
  fail(error: RealizarError): void {
    this.#started.reject(error);
    this.#queue.fail(error);
  }

  events(): AsyncIterable<GenerationEvent> {
    return this.#queue;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, undefined> {
    for await (const { text } of this.#queue) if (text !== '') yield text;
  }

  async result(): Promise<GenerationResult> {
    const promptTokenIds = await this.promptTokenIds;
    const tokenIds: number[] = [];
    let text = '';
    for await (const event of this.#queue) {
      text += event.text;
      if (event.type === 'token') tokenIds.push(event.tokenId);
      else return { promptTokenIds, tokenIds, text, finishReason: event.reason, timings: event.timings };
    }
    throw new RealizarError(
      'invalid-argument',
      'this generation was read already; use one of events(), result() and iteration',
    );
  }
}
