import { Hono } from 'hono';
import { routePath } from 'hono/route';
import { requestId } from 'hono/request-id';
import type { EngineApi } from '../engine/engine-api.ts';
import { version } from '../version.ts';
import { errorResponse, hiddenCauseOf } from './error-response.ts';
import { Metrics } from './metrics.ts';
import { hostGuard, originGuard } from './origin-guard.ts';
import { RequestError } from './request-error.ts';
import { batchGenerate } from './routes/native/batch-generate.ts';
import { batchTokenize } from './routes/native/batch-tokenize.ts';
import { generate } from './routes/native/generate.ts';
import { health } from './routes/native/health.ts';
import { metricsText } from './routes/native/metrics.ts';
import { modelFile } from './routes/native/model-file.ts';
import { models as nativeModels } from './routes/native/models.ts';
import { streamGenerate } from './routes/native/stream-generate.ts';
import { tokenize } from './routes/native/tokenize.ts';
import { chatCompletions } from './routes/openai/chat-completions.ts';
import { openAiModels } from './routes/openai/models.ts';
import { page } from './routes/page.ts';
import { RunningRequests } from './running-requests.ts';
import { ServedModels, servedEngine } from './served-models.ts';
import type { StaticFiles } from './static-files.ts';
import type { Services } from './work.ts';

export interface AppOptions {
  /** What `/health` reports. Default: realizar's own. */
  readonly version?: string;
  /** Host names that requests may be addressed to. Default `loopback`: this machine's own; right for a server that listens there. */
  readonly allowedHosts?: 'loopback' | 'any' | readonly string[];
  /** Origins whose pages may call, beside the server's own and those of this machine: `https://example.com`. */
  readonly allowedOrigins?: readonly string[];
  /** Sequences at work at once, waiting ones included; beyond it requests get 503. Default 512. */
  readonly maxRequests?: number;
  /** Milliseconds between keep-alive comments of streams. Default 15,000. */
  readonly pingMs?: number;
  /** Files of the chat page at `/`, by `page/NAME` and `browser/NAME`. Default: a note that says how to build it. */
  readonly pageFiles?: StaticFiles;
  /** Hears of errors that clients are not told about. Default: standard error. */
  readonly onError?: (error: unknown) => void;
}

/** The HTTP surface as a value. `fetch` takes and returns web-standard objects and needs no socket. */
export interface ServerApp {
  readonly fetch: (request: Request) => Promise<Response>;
  /** For tests: `fetch` with a path. */
  readonly request: (path: string, init?: RequestInit) => Promise<Response>;
  /** To mount it in a Hono app of yours. */
  readonly hono: Hono;
  readonly running: RunningRequests;
  /** Method and path of every route. */
  readonly endpoints: readonly string[];
  /** Frees the models. Running requests should have ended. */
  close(): Promise<void>;
}

const routes = [
  health,
  tokenize,
  generate,
  batchTokenize,
  batchGenerate,
  streamGenerate,
  nativeModels,
  modelFile,
  metricsText,
  openAiModels,
  chatCompletions,
  page,
];

/**
 * The whole HTTP surface: one line per endpoint, one table of errors.
 *
 * @param served the models to serve, or one loaded engine, which stays its owner's to close
 */
export function createApp(served: ServedModels | EngineApi, options: AppOptions = {}): ServerApp {
  const models = served instanceof ServedModels ? served : servedEngine(served);
  const running = new RunningRequests(options.maxRequests ?? 512);
  const metrics = new Metrics({ runningRequests: () => running.places, modelCache: () => models.metrics });
  const onError = options.onError ?? ((error) => console.error(error));
  const services: Services = {
    models,
    running,
    metrics,
    onError,
    pageFiles: options.pageFiles ?? (() => Promise.resolve(undefined)),
    version: options.version ?? version,
    pingMs: options.pingMs ?? 15_000,
  };

  const hono = new Hono();
  hono.use(requestId());
  hono.use(async (c, next) => {
    await next();
    c.header('x-content-type-options', 'nosniff');
    if (running.draining) c.header('connection', 'close');
    metrics.httpRequest(c.res.status === 404 ? 'none' : routePath(c, -1), c.req.method, c.res.status);
  });
  hono.use(hostGuard(options.allowedHosts ?? 'loopback'), ...originGuard(options.allowedOrigins ?? []));
  for (const route of routes) hono.route('/', route(services));
  const endpoints = hono.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/\{.*\}/, '')}`);
  refuseOtherMethods(hono);
  hono.notFound((c) =>
    errorResponse(c, new RequestError(404, `there is nothing at ${c.req.path.slice(0, 200)}`, { code: 'not_found' })),
  );
  hono.onError((error, c) => {
    const hidden = hiddenCauseOf(error);
    if (hidden !== undefined) onError(hidden);
    return errorResponse(c, error);
  });

  return {
    hono,
    running,
    endpoints,
    fetch: async (request) => await hono.fetch(request),
    request: async (path, init) => await hono.request(path, init),
    close: () => models.close(),
  };
}

/** 405 with `Allow` for a path that exists under another method; OPTIONS says what is allowed. */
function refuseOtherMethods(hono: Hono): void {
  const methods = new Map<string, Set<string>>();
  for (const { path, method } of hono.routes)
    if (method !== 'ALL') methods.set(path, (methods.get(path) ?? new Set()).add(method));
  for (const [path, allowed] of methods) {
    const allow = [...allowed, ...(allowed.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
    hono.all(path, (c) => {
      if (c.req.method === 'OPTIONS') return c.body(null, 204, { allow });
      throw new RequestError(405, `${c.req.method.slice(0, 20)} is not allowed here; use ${allow}`, {
        code: 'method_not_allowed',
        headers: { allow },
      });
    });
  }
}
