import type { Engine } from '../engine/engine.ts';
import type { Generation } from '../engine/events.ts';
import { loadEngine } from './load-engine.ts';
import { sendError, type Reply, type Request } from './messages.ts';

/** The worker's end of a port: its global scope, a MessagePort. */
export interface WorkerPort {
  postMessage(reply: Reply): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Request>) => void): void;
}

/** Keeps one engine and runs what the page's `WorkerEngine` asks for. */
export function serveEngine(port: WorkerPort): void {
  const loading = new AbortController();
  const running = new Map<number, AbortController>();
  let engine: Engine | undefined;

  const load = async ({ source, options }: Extract<Request, { type: 'load' }>): Promise<void> => {
    engine = await loadEngine(source, {
      ...options,
      signal: loading.signal,
      onProgress: (progress) => port.postMessage({ type: 'progress', progress }),
    });
    const { modelId, config, backend, hasChatTemplate, contextLength, memoryBytes } = engine;
    const about = { modelId, config, backend, hasChatTemplate, contextLength, memoryBytes };
    port.postMessage({ type: 'loaded', about });
  };

  const stream = async (id: number, start: (signal: AbortSignal) => Generation): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const generation = start(controller.signal);
      port.postMessage({ type: 'started', id, promptTokenIds: generation.promptTokenIds });
      for await (const event of generation.events()) port.postMessage({ type: 'event', id, event });
    } catch (error) {
      port.postMessage({ type: 'failed', id, error: sendError(error) });
    } finally {
      running.delete(id);
    }
  };

  const close = async (): Promise<void> => {
    loading.abort();
    try {
      await engine?.close();
    } finally {
      port.postMessage({ type: 'closed' });
    }
  };

  port.addEventListener('message', ({ data: request }) => {
    switch (request.type) {
      case 'load':
        load(request).catch((error: unknown) => port.postMessage({ type: 'failed', error: sendError(error) }));
        break;
      case 'abort-load':
        loading.abort();
        break;
      case 'generate':
        void stream(request.id, (signal) => engine!.generate(request.prompt, { ...request.options, signal }));
        break;
      case 'chat':
        void stream(request.id, (signal) => engine!.chat(request.messages, { ...request.options, signal }));
        break;
      case 'cancel':
        running.get(request.id)?.abort();
        break;
      case 'close':
        void close();
        break;
    }
  });
}
