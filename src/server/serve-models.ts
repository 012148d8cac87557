import { RealizarError } from '../errors.ts';
import { createApp } from './app.ts';
import { isLoopbackHost } from './origin-guard.ts';
import { ServedModels, type LoadModel, type ServedModel } from './served-models.ts';
import { startServer, stopOnSignal } from './serve.node.ts';
import type { StaticFiles } from './static-files.ts';

export interface ServeModelsOptions {
  /** The first is the default. */
  readonly models: readonly ServedModel[];
  readonly load: LoadModel;
  readonly host: string;
  readonly port: number;
  /** Models kept in memory at once. */
  readonly cacheSize: number;
  /** Bytes of models kept in memory at once. */
  readonly cacheBytes?: number;
  /** Files of the chat page at `/`; see `AppOptions`. */
  readonly pageFiles?: StaticFiles;
  /** How long running answers may go on after the signal to end. Default 30,000 ms. */
  readonly graceMs?: number;
  /** Ends the server as SIGTERM does. */
  readonly signal?: AbortSignal;
}

/** A server that listens until a signal ends it. */
export interface ModelServer {
  readonly url: string;
  /** Method and path of every route. */
  readonly endpoints: readonly string[];
  /** Resolves after SIGINT or SIGTERM, when the last answer has ended and the models are freed. */
  readonly closed: Promise<void>;
}

/**
 * All in one: models behind a cache, the app, a socket, and a graceful end. The first model is loaded before this returns.
 * @throws RealizarError `port-in-use` | `listen-failed`; `aborted` when a signal ended it while the first model was loading; and
 *   whatever `load` throws for that model
 */
export async function serveModels(options: ServeModelsOptions): Promise<ModelServer> {
  const { models, load, host, port, cacheSize, cacheBytes, pageFiles, graceMs, signal } = options;
  const served = new ServedModels(models, load, {
    capacity: cacheSize,
    ...(cacheBytes !== undefined && { maxBytes: cacheBytes }),
  });
  const app = createApp(served, {
    allowedHosts: isLoopbackHost(host) ? 'loopback' : 'any',
    ...(pageFiles && { pageFiles }),
  });
  // The socket first: a port in use should not cost a load. Requests that come early wait for the model.
  const server = await startServer({ app, host, port, ...(graceMs !== undefined && { graceMs }) });
  const failed = new AbortController();
  const closed = stopOnSignal(server, signal ? AbortSignal.any([signal, failed.signal]) : failed.signal);
  try {
    await served.warm([models[0]!.id]);
  } catch (cause) {
    const wasStopped = app.running.draining;
    failed.abort();
    await closed;
    throw wasStopped
      ? new RealizarError('aborted', 'the server was stopped while its first model was loading', { cause })
      : cause;
  }
  return { url: server.url, endpoints: app.endpoints, closed };
}
