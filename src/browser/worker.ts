/**
 * A worker that keeps an engine for `createWorkerEngine`. Where a bundler does not find it by itself, a file of yours with
 * the line `import 'realizar/browser/worker';` is the worker to pass.
 *
 * @module
 */
import { serveEngine } from './serve-engine.ts';

serveEngine(globalThis);
