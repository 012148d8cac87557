import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BrowserLoadProgress } from '../../src/browser/load-engine.ts';
import { createWorkerEngine, type WorkerEngine } from '../../src/browser/worker-engine.ts';
import { loadEngine } from '../../src/load.ts';
import { demoModel } from '../cli/support/cli.ts';
import { portWorker } from './support/port-worker.ts';

const model = new Uint8Array(readFileSync(demoModel));
const greedy = { temperature: 0, maxTokens: 24 } as const;

describe('an engine in a worker', () => {
  const progress: BrowserLoadProgress[] = [];
  let engine: WorkerEngine;
  beforeAll(async () => {
    engine = await createWorkerEngine(model, {
      worker: portWorker(),
      modelId: 'demo',
      backend: 'wasm',
      threads: 1,
      onProgress: (step) => progress.push(step),
    });
  });
  afterAll(() => engine.close());

  test('tells what it is, and how its loading went on', () => {
    expect(engine).toMatchObject({ modelId: 'demo', hasChatTemplate: true, backend: { name: 'wasm', threads: 1 } });
    expect(engine.contextLength).toBe(engine.config.contextLength);
    expect(engine.memoryBytes).toBeGreaterThan(1e6);
    const last = progress.at(-1)!;
    expect(last).toMatchObject({ phase: 'weights', loadedBytes: last.totalBytes });
  });

  test('says what an engine in the same thread says', async () => {
    await using here = await loadEngine(demoModel, { backend: 'wasm', threads: 1 });
    const messages = [{ role: 'user', content: 'Tell me a story about a lantern.' }] as const;
    const wanted = [
      await here.generate('Once upon a time', greedy).result(),
      await here.chat(messages, greedy).result(),
    ].map(({ text, tokenIds, promptTokenIds, finishReason }) => ({ text, tokenIds, promptTokenIds, finishReason }));
    expect(await engine.generate('Once upon a time', greedy).result()).toMatchObject(wanted[0]!);
    expect(await engine.chat(messages, greedy).result()).toMatchObject(wanted[1]!);
    let text = '';
    for await (const piece of engine.chat(messages, greedy)) text += piece;
    expect(text).toBe(wanted[1]!.text);
  });

  test('runs several at once', async () => {
    const alone = await engine.generate('The moon', greedy).result();
    const together = await Promise.all([1, 2, 3].map(() => engine.generate('The moon', greedy).result()));
    for (const { text } of together) expect(text).toBe(alone.text);
  });

  test('stops when its signal says so', async () => {
    const controller = new AbortController();
    const generation = engine.generate('Once', { ignoreEos: true, signal: controller.signal });
    const reasons: string[] = [];
    for await (const event of generation.events()) {
      if (event.type === 'token') controller.abort();
      else reasons.push(event.reason);
    }
    expect(reasons).toEqual(['cancelled']);
    const early = engine.generate('Once', { signal: AbortSignal.abort() });
    expect((await early.result()).finishReason).toBe('cancelled');
  });

  test('stops when its reader leaves', async () => {
    for await (const _ of engine.generate('Once', { ignoreEos: true })) break;
    expect((await engine.generate('The moon', greedy).result()).tokenIds).toHaveLength(24);
  });

  test('throws errors with their codes where the generation is read', async () => {
    const refused = engine.generate('Once', { temperature: -1 });
    await expect(refused.result()).rejects.toMatchObject({ name: 'RealizarError', code: 'invalid-argument' });
    await expect(refused.promptTokenIds).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('a generation is read once', async () => {
    const generation = engine.generate('Once', greedy);
    await generation.result();
    await expect(generation.result()).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('a worker', () => {
  test('ends with its engine, and its generations with it', async () => {
    const worker = portWorker();
    const engine = await createWorkerEngine(model, { worker, backend: 'wasm', threads: 1 });
    const running = engine.generate('Once', { ignoreEos: true }).result();
    const ended = expect(running).rejects.toMatchObject({ code: 'closed' });
    await engine[Symbol.asyncDispose]();
    await ended;
    await expect(engine.generate('Once').result()).rejects.toMatchObject({ code: 'closed' });
    expect(worker.terminated).toBe(true);
  });

  test('ends when its model cannot be loaded', async () => {
    const worker = portWorker();
    const broken = createWorkerEngine(new Uint8Array(100), { worker });
    await expect(broken).rejects.toMatchObject({ name: 'RealizarError', code: 'bad-magic' });
    expect(worker.terminated).toBe(true);
  });

  test('ends when loading is cancelled', async () => {
    const worker = portWorker();
    const options = { worker, signal: AbortSignal.abort() };
    await expect(createWorkerEngine(model, options)).rejects.toMatchObject({ code: 'aborted' });
    expect(worker.terminated).toBe(true);
  });

  test('that fails says which option helps, also to what runs in it', async () => {
    const broken = portWorker();
    broken.postMessage = () => broken.onerror!({ message: '' } as ErrorEvent);
    await expect(createWorkerEngine(model, { worker: broken })).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringContaining('realizar/browser/worker'),
    });
    const worker = portWorker();
    const engine = await createWorkerEngine(model, { worker, backend: 'wasm', threads: 1 });
    const running = engine.generate('Once', { ignoreEos: true }).result();
    worker.onerror!({ message: 'out of memory' } as ErrorEvent);
    await expect(running).rejects.toThrow('out of memory');
    await engine.close();
  });

  test('is started from the file beside this one', async () => {
    const started: [URL, unknown][] = [];
    vi.stubGlobal('Worker', function Worker(url: URL, options: unknown) {
      started.push([url, options]);
      return portWorker();
    });
    try {
      await (await createWorkerEngine(model, { backend: 'wasm', threads: 1 })).close();
    } finally {
      vi.unstubAllGlobals();
    }
    expect(String(started[0]![0])).toMatch(/\/worker\.js$/);
    expect(started[0]![1]).toMatchObject({ type: 'module' });
  });
});
