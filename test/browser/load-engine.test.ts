import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { loadEngine, type BrowserLoadProgress } from '../../src/browser/load-engine.ts';
import { demoModel } from '../cli/support/cli.ts';

const model = new Uint8Array(readFileSync(demoModel));
const options = { backend: 'wasm', threads: 1 } as const;

describe('loading in a page', () => {
  test('takes bytes and files', async () => {
    for (const source of [model, new File([model], 'stories.gguf')]) {
      await using engine = await loadEngine(source, options);
      expect((await engine.generate('Once', { maxTokens: 4, temperature: 0 }).result()).tokenIds).toHaveLength(4);
    }
    await using engine = await loadEngine(new File([model], 'stories.gguf'), options);
    expect(engine.modelId).toBe('stories');
  });

  test('tells the download from the loading of the weights', async () => {
    const steps: BrowserLoadProgress[] = [];
    const whole = () => Promise.resolve(new Response(model, { headers: { 'content-length': `${model.length}` } }));
    vi.stubGlobal('fetch', whole);
    await using engine = await loadEngine('http://host.example/model.gguf', {
      ...options,
      onProgress: (step) => steps.push(step),
    });
    expect(engine.contextLength).toBeGreaterThan(0);
    expect([...new Set(steps.map(({ phase }) => phase))]).toEqual(['download', 'weights']);
    expect(steps.filter(({ phase }) => phase === 'download').at(-1)!.loadedBytes).toBe(model.length);
    vi.unstubAllGlobals();
  });

  test('says that it was cancelled, whatever it was doing', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(loadEngine(model, { ...options, onProgress, signal: controller.signal })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  test('refuses options and backends by name', async () => {
    await expect(loadEngine(model, { threads: 0 })).rejects.toMatchObject({ field: 'threads' });
    await expect(loadEngine(model, { backend: 'reference' })).rejects.toMatchObject({ code: 'backend-unavailable' });
  });
});
