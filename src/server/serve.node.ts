import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { RealizarError } from '../errors.ts';
import type { ServerApp } from './app.ts';

export interface ServerOptions {
  readonly app: ServerApp;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 8080; 0 takes any free one. */
  readonly port?: number;
  /** How long running answers may go on after `stop`. Default 30,000 ms. */
  readonly graceMs?: number;
  /** How long a client may take to send its headers, default 10,000 ms, and its whole request, default 60,000 ms. */
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
}

/** A server that listens. */
export interface RunningServer {
  /** Ready to paste: `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /**
   * Takes no new requests, lets running answers end within the grace time, ends the rest with an error event, then closes
   * the app's models. Idempotent.
   */
  stop(): Promise<void>;
}

// Enough for a thousand streams at once; a flood of idle connections is cut off there.
const MAX_CONNECTIONS = 4096;
// How long aborted answers get to write their last event.
const LAST_WORDS_MS = 2_000;

/**
 * Listens on a socket.
 * @throws RealizarError `port-in-use` | `listen-failed`
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { app, host = '127.0.0.1', port = 8080, graceMs = 30_000 } = options;
  const answer = getRequestListener((request) => app.fetch(request), {
    // The adapter would otherwise replace the process's own Request and Response.
    overrideGlobalObjects: false,
    errorHandler: malformedRequest,
  });
  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.requestTimeoutMs ?? 60_000,
      connectionsCheckingInterval: 1_000,
    },
    (incoming, outgoing) => void answer(incoming, outgoing),
  );
  server.maxConnections = MAX_CONNECTIONS;
  await listen(server, host, port);

  const address = server.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  let stopping: Promise<void> | undefined;
  return { url, host, port: address.port, stop: () => (stopping ??= stop(server, app, graceMs)) };
}

/** A request that is not HTTP enough for a `Request` object, such as one with a broken Host. */
const malformedRequest = (): Response => Response.json({ error: 'malformed request' }, { status: 400 });

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new RealizarError('port-in-use', `port ${port} of ${host} is in use; choose another with --port`, {
        field: 'port',
        cause,
      });
    const why =
      code === 'EACCES'
        ? 'this user may not open it'
        : code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL'
          ? 'this machine has no such address'
          : code;
    throw new RealizarError('listen-failed', `cannot listen on port ${port} of ${host}: ${why}`, {
      field: 'host',
      cause,
    });
  }
}

async function stop(server: Server, app: ServerApp, graceMs: number): Promise<void> {
  app.running.drain();
  const closed = new Promise((resolve) => server.close(resolve));
  // close() waits for connections that only become idle later: look for them until all are gone.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await within(graceMs, app.running.idle());
  app.running.abortAll();
  await within(LAST_WORDS_MS, closed);
  clearInterval(sweep);
  server.closeAllConnections();
  await closed;
  await app.close();
}

async function within(milliseconds: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout;
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, milliseconds)));
  await Promise.race([done, timeout]).finally(() => clearTimeout(timer));
}

const giveUp = (): never => process.exit(1);

/**
 * Stops the server at SIGINT, SIGTERM, or when `abort` says so, and resolves when it has stopped. A second signal ends the
 * process at once.
 */
export async function stopOnSignal(server: RunningServer, abort?: AbortSignal): Promise<void> {
  const told = Promise.withResolvers<void>();
  const stopNow = (): void => told.resolve();
  const signals = ['SIGINT', 'SIGTERM'] as const;

  for (const signal of signals) process.once(signal, stopNow);
  abort?.addEventListener('abort', stopNow);
  if (abort?.aborted) stopNow();
  await told.promise;
  for (const signal of signals) process.removeListener(signal, stopNow).once(signal, giveUp);
  await server.stop();
  for (const signal of signals) process.removeListener(signal, giveUp);
}
