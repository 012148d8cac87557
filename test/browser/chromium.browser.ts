import { describe, expect, inject, test } from 'vitest';
import { createWorkerEngine } from '../../src/browser/worker-engine.ts';
import { loadEngine, type BrowserLoadOptions } from '../../src/browser/load-engine.ts';
import type { GoldenCase } from '../golden/golden-data.ts';
import { flipsOf, teacherForced } from '../golden/judge.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Addresses under which the test server has files. */
    readonly inputs: readonly string[];
  }
}

interface DemoCase {
  readonly ids: readonly number[];
  readonly continuation: readonly number[];
  readonly gaps: readonly number[];
}

const goldenOf = async (url: string): Promise<unknown> => (await fetch(url)).json();
const has = (...urls: string[]): boolean => urls.every((url) => inject('inputs').includes(url));

describe.runIf(has('/data/demo.gguf', '/data/demo.json'))('the demo model in Chromium', () => {
  const load = (options: BrowserLoadOptions) => loadEngine('/data/demo.gguf', { contextLength: 256, ...options });

  test.each([
    { backend: 'wasm' },
    { backend: 'wasm', threads: 1 },
    { backend: 'webgpu' },
    { backend: 'webgl' },
  ] as const)('prefers the exact tokens wherever they win clearly: %o', async (options) => {
    const golden = (await goldenOf('/data/demo.json')) as { readonly 'demo.gguf': readonly DemoCase[] };
    await using engine = await load(options);
    expect(engine.backend.name).toBe(options.backend);
    for (const { ids, continuation, gaps } of golden['demo.gguf'].slice(0, options.backend === 'wasm' ? 9 : 2)) {
      const flips = flipsOf(await teacherForced(engine, { prompt: ids, continuation }), { continuation, gaps });
      expect(flips.filter((flip) => flip.gap > 0.2)).toEqual([]);
      const agreed = Math.min(64, flips[0]?.step ?? 64);
      const { tokenIds } = await engine.generate(ids, { temperature: 0, maxTokens: agreed, ignoreEos: true }).result();
      expect(tokenIds).toEqual(continuation.slice(0, agreed));
    }
  });

  test('is read by ranges, and downloaded where there are none', async () => {
    const phases = async (url: string) => {
      const seen = new Set<string>();
      await using engine = await loadEngine(url, {
        backend: 'wasm',
        threads: 1,
        onProgress: ({ phase }) => seen.add(phase),
      });
      return [engine.config.numLayers > 0, ...seen];
    };
    expect(await phases('/data/demo.gguf')).toEqual([true, 'weights']);
    expect(await phases('/data/demo.gguf?whole')).toEqual([true, 'download', 'weights']);
  });

  test('runs in a worker, with threads, and stops when it is told to', async () => {
    await using engine = await createWorkerEngine('/data/demo.gguf', {
      backend: 'wasm',
      worker: new Worker(new URL('../../src/browser/worker.ts', import.meta.url), { type: 'module' }),
    });
    expect(crossOriginIsolated).toBe(true);
    expect(engine.backend).toMatchObject({ name: 'wasm', threads: navigator.hardwareConcurrency });
    const controller = new AbortController();
    let pieces = 0;
    const generation = engine.chat([{ role: 'user', content: 'Tell me a story.' }], {
      signal: controller.signal,
      ignoreEos: true,
    });
    for await (const event of generation.events()) {
      if (event.type === 'finish') expect(event.reason).toBe('cancelled');
      else if (++pieces === 3) controller.abort();
    }
    expect(pieces).toBeLessThan(50);
  });
});

describe.runIf(has('/data/smollm2.gguf', '/data/smollm2.json'))('SmolLM2 in Chromium', () => {
  test('says the exact tokens on WebGPU', async () => {
    const cases = (await goldenOf('/data/smollm2.json')) as Readonly<Record<string, GoldenCase>>;
    // Whose first eight tokens win clearly.
    const { prompt, continuation } = cases['table']!;
    await using engine = await loadEngine('/data/smollm2.gguf', { backend: 'webgpu', contextLength: 64 });
    const { tokenIds } = await engine.generate(prompt, { temperature: 0, maxTokens: 8, ignoreEos: true }).result();
    expect(tokenIds).toEqual(continuation.slice(0, 8));
  });
});
