/**
 * realizar as an HTTP server: the native routes, and OpenAI's.
 *
 *     import { loadEngine } from 'realizar';
 *     import { createApp, startServer, stopOnSignal } from 'realizar/server';
 *
 *     await using engine = await loadEngine('model.gguf');
 *     const app = createApp(engine);
 *     await app.request('/health'); // a Response: no socket needed
 *
 *     const server = await startServer({ app, port: 8080 });
 *     console.log(`listening on ${server.url}`);
 *     await stopOnSignal(server);
 *
 * @module
 */
export { createApp, type AppOptions, type ServerApp } from './app.ts';
export { streamGenerate, type StreamedToken, type StreamGenerateRequest } from './client.ts';
export { hitRate, ModelCache, type Lease, type ModelCacheMetrics, type ModelCacheOptions } from './model-cache.ts';
export { isLoopbackHost } from './origin-guard.ts';
export {
  servedEngine,
  ServedModels,
  type LoadModel,
  type ServedModel,
  type ServedModelsOptions,
} from './served-models.ts';
export { serveModels, type ModelServer, type ServeModelsOptions } from './serve-models.ts';
export { serverSentEvents, type ServerSentEvent } from './server-sent-events.ts';
export { staticFiles } from './static-files.node.ts';
export type { StaticFile, StaticFiles } from './static-files.ts';
export { startServer, stopOnSignal, type RunningServer, type ServerOptions } from './serve.node.ts';
