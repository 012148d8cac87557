import type { BackendInfo } from '../backend/backend.ts';
import type { ChatMessage, ChatOptions, GenerateOptions } from '../engine/events.ts';
import { RealizarError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import type { BrowserLoadOptions } from './load-engine.ts';
import { receiveError, type AboutEngine, type Reply, type Request } from './messages.ts';
import type { ModelSource } from './open-model.ts';
import { WorkerGeneration } from './worker-generation.ts';

export interface WorkerEngineOptions extends BrowserLoadOptions {
  /**
   * A worker of yours that imports `realizar/browser/worker`, for bundlers that do not find it by themselves. It belongs to
   * the engine from here on.
   */
  readonly worker?: Worker;
}

/**
 * Loads a model in a worker, so that the page stays free. Options and errors are those of `loadEngine`.
 *
 * @throws RealizarError also `backend-unavailable` where the worker does not start
 */
export async function createWorkerEngine(
  source: ModelSource,
  options: WorkerEngineOptions = {},
): Promise<WorkerEngine> {
  const { worker = startWorker(), signal, onProgress, ...rest } = options;
  const post = (request: Request) => worker.postMessage(request);
  const abort = (): void => post({ type: 'abort-load' });
  try {
    const about = await new Promise<AboutEngine>((resolve, reject) => {
      worker.onerror = (event) => reject(workerFailed(event));
      worker.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
        if (reply.type === 'progress') onProgress?.(reply.progress);
        if (reply.type === 'loaded') resolve(reply.about);
        if (reply.type === 'failed') reject(receiveError(reply.error));
      };
      // The worker may lie elsewhere: the page's address is what relative ones are relative to.
      const address =
        typeof source === 'string' || source instanceof URL ? new URL(source, location.href).href : source;
      post({ type: 'load', source: address, options: rest });
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
    });
    return new WorkerEngine(worker, about);
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

// Written as bundlers expect it: they replace the address by that of the worker they build.
const startWorker = (): Worker =>
  new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'realizar engine' });

function workerFailed(event: ErrorEvent): RealizarError {
  const reason = event.message || 'its script could not be loaded';
  const message = `the worker failed: ${reason}; bundlers that do not find it need option \`worker\`: a Worker of a file that imports realizar/browser/worker`;
  return new RealizarError('backend-unavailable', message, { cause: event.error, field: 'worker' });
}

interface Running {
  readonly generation: WorkerGeneration;
  readonly ignoreSignal: () => void;
}

/** An engine that lives in a worker. */
export class WorkerEngine implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #about: AboutEngine;
  readonly #running = new Map<number, Running>();
  #lastId = 0;
  #closing: Promise<void> | undefined;
  #onClosed: () => void = () => {};

  /** @param worker has loaded its model */
  constructor(worker: Worker, about: AboutEngine) {
    this.#worker = worker;
    this.#about = about;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    worker.onerror = (event) => this.#failAll(workerFailed(event));
  }

  get modelId(): string {
    return this.#about.modelId;
  }

  get config(): ModelConfig {
    return this.#about.config;
  }

  get backend(): BackendInfo {
    return this.#about.backend;
  }

  get hasChatTemplate(): boolean {
    return this.#about.hasChatTemplate;
  }

  get contextLength(): number {
    return this.#about.contextLength;
  }

  get memoryBytes(): number {
    return this.#about.memoryBytes;
  }

  /** Continues a text, or token ids. What is wrong with the request is thrown where the generation is read. */
  generate(prompt: string | readonly number[], { signal, ...options }: GenerateOptions = {}): WorkerGeneration {
    return this.#start(signal, (id) => ({ type: 'generate', id, prompt, options }));
  }

  /** Answers the last message with the model's chat template. */
  chat(messages: readonly ChatMessage[], { signal, ...options }: ChatOptions = {}): WorkerGeneration {
    return this.#start(signal, (id) => ({ type: 'chat', id, messages, options }));
  }

  /** Ends every generation with `closed`, frees the model and ends the worker. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #start(signal: AbortSignal | undefined, request: (id: number) => Request): WorkerGeneration {
    const id = ++this.#lastId;
    const cancel = (): void => this.#worker.postMessage({ type: 'cancel', id } satisfies Request);
    const generation = new WorkerGeneration(cancel);
    if (this.#closing !== undefined) {
      generation.fail(new RealizarError('closed', 'the engine is closed; load the model again'));
      return generation;
    }
    this.#worker.postMessage(request(id));
    this.#running.set(id, { generation, ignoreSignal: () => signal?.removeEventListener('abort', cancel) });
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    return generation;
  }

  #receive(reply: Reply): void {
    if (reply.type === 'closed') this.#onClosed();
    if (!('id' in reply)) return;
    const running = this.#running.get(reply.id);
    if (reply.type === 'started') running?.generation.start(reply.promptTokenIds);
    if (reply.type === 'event') running?.generation.push(reply.event);
    if (reply.type === 'failed') running?.generation.fail(receiveError(reply.error));
    if (reply.type === 'started' || (reply.type === 'event' && reply.event.type === 'token')) return;
    running?.ignoreSignal();
    this.#running.delete(reply.id);
  }

  #failAll(error: RealizarError): void {
    for (const { generation, ignoreSignal } of this.#running.values()) {
      ignoreSignal();
      generation.fail(error);
    }
    this.#running.clear();
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => (this.#onClosed = resolve));
    this.#worker.postMessage({ type: 'close' } satisfies Request);
    await closed;
    this.#worker.terminate();
    this.#failAll(new RealizarError('closed', 'the engine was closed before this had ended'));
  }
}
