import type { Context } from 'hono';
import type { EngineApi } from '../engine/engine-api.ts';
import type {
  ChatMessage,
  ChatOptions,
  FinishReason,
  GenerateOptions,
  Generation,
  GenerationEvent,
} from '../engine/events.ts';
import { RealizarError } from '../errors.ts';
import { hiddenCauseOf, publicErrorOf, type PublicError } from './error-response.ts';
import { eventStream } from './event-stream.ts';
import type { Metrics, Outcome } from './metrics.ts';
import type { Lease } from './model-cache.ts';
import { RequestError } from './request-error.ts';
import type { RunningRequest, RunningRequests } from './running-requests.ts';
import type { ServedModels } from './served-models.ts';
import type { StaticFiles } from './static-files.ts';

/** What every route is given. */
export interface Services {
  readonly models: ServedModels;
  readonly running: RunningRequests;
  readonly metrics: Metrics;
  readonly version: string;
  /** Files of the chat page. */
  readonly pageFiles: StaticFiles;
  /** Milliseconds between keep-alive comments of streams. */
  readonly pingMs: number;
  readonly onError: (error: unknown) => void;
}

export type TokenEvent = Extract<GenerationEvent, { type: 'token' }>;
/** A generation that ended by itself. */
export type FinishEvent = Extract<GenerationEvent, { type: 'finish' }> & {
  readonly reason: Exclude<FinishReason, 'cancelled'>;
};

/** A generation under watch: counted, and cut short by an error when it is cancelled. */
export interface WatchedGeneration {
  readonly promptTokenIds: readonly number[];
  readonly events: AsyncIterable<TokenEvent | FinishEvent>;
}

// No vocabulary in use has tokens of more than 128 bytes (runs of spaces are the longest).
const MAX_BYTES_PER_TOKEN = 128;

/** A request at work with a model, from admission to the end of its answer. */
export class Work {
  readonly engine: EngineApi;
  readonly #services: Services;
  readonly #running: RunningRequest;
  readonly #end: (outcome: Outcome) => void;
  readonly #started = performance.now();
  #streams = false;

  constructor(engine: EngineApi, services: Services, running: RunningRequest, end: (outcome: Outcome) => void) {
    this.engine = engine;
    this.#services = services;
    this.#running = running;
    this.#end = end;
  }

  /** Whether the answer goes on after the handler has returned. */
  get streams(): boolean {
    return this.#streams;
  }

  generate(prompt: readonly number[], options: GenerateOptions): WatchedGeneration {
    return this.#watch(this.engine.generate(prompt, { ...options, signal: this.#running.signal }));
  }

  chat(messages: readonly ChatMessage[], options: ChatOptions): WatchedGeneration {
    return this.#watch(this.engine.chat(messages, { ...options, signal: this.#running.signal }));
  }

  /**
   * Refuses what cannot fit into the context, by its size alone: tokenizing it would keep the event loop busy for nothing.
   * @throws RequestError 400
   */
  assertMayFit(texts: Iterable<string>, param: string): void {
    let bytes = 0;
    for (const text of texts) bytes += text.length;
    const limit = this.engine.contextLength * MAX_BYTES_PER_TOKEN;
    if (bytes <= limit) return;
    throw new RequestError(
      400,
      `a text of ${bytes} characters exceeds the context of ${this.engine.contextLength} tokens`,
      { code: 'context_length_exceeded', param },
    );
  }

  /**
   * Answers with frames as they come. An error on the way becomes a last frame: a stream that just ends looks complete to clients.
   * @param errorFrame the dialect's way to say it
   */
  stream(frames: AsyncIterable<string>, errorFrame: (error: PublicError) => string): Response {
    this.#streams = true;
    const { signal } = this.#running;
    const { onError, pingMs } = this.#services;
    let outcome: Outcome = 'successful';
    const guarded = async function* (): AsyncGenerator<string> {
      try {
        yield* frames;
      } catch (error) {
        outcome = outcomeOf(error);
        if (outcome === 'cancelled') return;
        const hidden = hiddenCauseOf(error);
        if (hidden !== undefined) onError(hidden);
        yield errorFrame(publicErrorOf(error));
      }
    };
    return eventStream(guarded(), {
      pingMs,
      onCancel: () => this.#running.abort(clientLeft()),
      onEnd: () => this.#end(signal.aborted && outcome === 'successful' ? 'cancelled' : outcome),
    });
  }

  #watch(generation: Generation): WatchedGeneration {
    this.#services.metrics.generationStarted(generation.promptTokenIds.length);
    return { promptTokenIds: generation.promptTokenIds, events: this.#watched(generation.events()) };
  }

  async *#watched(events: AsyncIterable<GenerationEvent>): AsyncGenerator<TokenEvent | FinishEvent> {
    let last: number | undefined;
    for await (const event of events) {
      if (event.type === 'token') {
        const now = performance.now();
        this.#services.metrics.tokenGenerated(
          last === undefined ? 'first' : 'later',
          (now - (last ?? this.#started)) / 1000,
        );
        last = now;
        yield event;
      } else if (event.reason === 'cancelled') {
        throw this.#running.signal.reason ?? clientLeft();
      } else {
        yield event as FinishEvent;
      }
    }
  }
}

const clientLeft = (): RealizarError => new RealizarError('aborted', 'the client closed the connection');

const outcomeOf = (error: unknown): Outcome =>
  error instanceof RealizarError && error.code === 'aborted' ? 'cancelled' : 'failed';

/**
 * Runs a handler with the model it asks for: takes a place in the server, then the model, and gives both back when the
 * answer has ended, however it ends.
 *
 * @param about.places sequences that the request will run at once
 * @throws RequestError 503 when the server is full, 404 for an unknown model
 */
export async function withModel(
  c: Context,
  services: Services,
  about: { readonly modelId: string | null | undefined; readonly places?: number },
  handler: (work: Work) => Promise<Response>,
): Promise<Response> {
  const started = performance.now();
  const route = c.req.path;
  const id = services.models.resolve(about.modelId);
  const running = services.running.enter(c.req.raw.signal, about.places ?? 1);
  let lease: Lease<EngineApi> | undefined;
  const end = (outcome: Outcome): void => {
    lease?.release();
    running.end();
    services.metrics.requestEnded(route, outcome, (performance.now() - started) / 1000);
  };

  try {
    lease = await leaseUnlessAborted(services.models, id, running.signal);
    const work = new Work(lease.model, services, running, end);
    const response = await handler(work);
    if (!work.streams) end('successful');
    return response;
  } catch (error) {
    running.abort(error); // whatever else the request had started
    end(outcomeOf(error));
    throw error;
  }
}

/** A client that leaves while its model loads need not wait; the load itself goes on for the next one. */
async function leaseUnlessAborted(models: ServedModels, id: string, signal: AbortSignal): Promise<Lease<EngineApi>> {
  const pending = models.lease(id);
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    pending.then(
      (lease) => lease.release(),
      () => undefined,
    );
    aborted.reject(signal.reason);
  };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([pending, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
