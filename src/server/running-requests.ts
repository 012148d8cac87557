import { RealizarError } from '../errors.ts';
import { RequestError, shutdownError } from './request-error.ts';

/** A request's place in the server, from admission until its generation has ended. */
export interface RunningRequest {
  /** Aborts when the client leaves, when the server stops, or on `abort`. */
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
  /** Gives the place back. Idempotent. */
  end(): void;
}

/** Every request that uses a model right now: bounded in number, ended together when the server stops. */
export class RunningRequests {
  readonly #limit: number;
  readonly #running = new Map<AbortController, number>();
  readonly #idleWaiters = new Set<() => void>();
  #places = 0;
  #draining = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Sequences taken by running requests; a request for n answers takes n. */
  get places(): number {
    return this.#places;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** @throws RequestError 503 when the server is full or stopping, 400 when it could never run so many at once; nothing has been spent on the request yet */
  enter(client: AbortSignal, places: number): RunningRequest {
    if (this.#draining) throw shutdownError();
    if (places > this.#limit) {
      throw new RequestError(400, `the request asks for ${places} sequences at once; this server runs ${this.#limit}`);
    }
    if (this.#places + places > this.#limit) {
      throw new RequestError(503, 'the server is busy; try again in a moment', {
        code: 'server_busy',
        headers: { 'retry-after': '1', 'retry-after-ms': '1000' },
      });
    }
    const controller = new AbortController();
    const leave = (): void => controller.abort(new RealizarError('aborted', 'the client closed the connection'));
    if (client.aborted) leave();
    client.addEventListener('abort', leave, { once: true });
    this.#running.set(controller, places);
    this.#places += places;

    const end = (): void => {
      if (!this.#running.delete(controller)) return;
      client.removeEventListener('abort', leave);
      this.#places -= places;
      if (this.#running.size > 0) return;
      for (const wake of this.#idleWaiters) wake();
      this.#idleWaiters.clear();
    };
    return { signal: controller.signal, abort: (reason) => controller.abort(reason), end };
  }

  /** From now on new requests are refused; running ones go on. */
  drain(): void {
    this.#draining = true;
  }

  /** Ends what still runs; clients are told that the server stops. */
  abortAll(): void {
    for (const controller of this.#running.keys()) controller.abort(shutdownError());
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.#running.size === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.add(resolve));
  }
}
