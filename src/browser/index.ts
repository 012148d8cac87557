/**
 * realizar in a page: the same engine, on the page's own GPU or on WebAssembly threads.
 *
 *     import { createWorkerEngine } from 'realizar/browser';
 *
 *     const engine = await createWorkerEngine('/models/smollm2.gguf', {
 *       onProgress: ({ loadedBytes, totalBytes }) => (bar.value = loadedBytes / totalBytes),
 *     });
 *     for await (const piece of engine.chat([{ role: 'user', content: 'Hello' }])) output.append(piece);
 *
 * `loadEngine` does the same in the calling thread: in a worker of yours, or for small models. WebAssembly threads need a
 * page that is cross-origin isolated: https://web.dev/articles/coop-coep.
 *
 * @module
 */
export { loadEngine, type BrowserLoadOptions, type BrowserLoadProgress } from './load-engine.ts';
export type { ModelSource } from './open-model.ts';
export { createWorkerEngine, WorkerEngine, type WorkerEngineOptions } from './worker-engine.ts';
export type { WorkerGeneration } from './worker-generation.ts';
export type { Engine } from '../engine/engine.ts';
export type {
  ChatMessage,
  ChatOptions,
  FinishReason,
  GenerateOptions,
  Generation,
  GenerationEvent,
  GenerationResult,
} from '../engine/events.ts';
export { RealizarError, type ErrorCode } from '../errors.ts';
export type { BackendChoice, BackendInfo, BackendName } from '../backend/backend.ts';
export { version } from '../version.ts';
