import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { loadEngine, type BrowserLoadProgress } from '../../src/browser/load-engine.ts';
import { requireDawn } from '../../src/backend/webgpu/dawn.node.ts';
import { describeWithGpu } from '../backend/webgpu/support/open-gpu.ts';
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

  describeWithGpu('where the GPU is taken first', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    afterEach(() => {
      warn.mockClear();
      vi.unstubAllGlobals();
    });

    /** A page whose GPU calls itself a real one. @returns how many devices were opened */
    async function withGpu(change: (device: GPUDevice) => void): Promise<() => number> {
      const { gpu } = await requireDawn();
      let opened = 0;
      const requestAdapter = async () => {
        const adapter = (await gpu.requestAdapter())!;
        const requestDevice = async (descriptor: GPUDeviceDescriptor) => {
          opened++;
          const device = await adapter.requestDevice(descriptor);
          change(device);
          return device;
        };
        return { info: { vendor: 'nvidia' }, limits: adapter.limits, features: adapter.features, requestDevice };
      };
      vi.stubGlobal('navigator', { hardwareConcurrency: 2, gpu: { requestAdapter } });
      return () => opened;
    }

    async function backendOf(): Promise<string> {
      await using engine = await loadEngine(model, { threads: 1, contextLength: 64 });
      await engine.generate('Once', { maxTokens: 1 }).result();
      return engine.backend.name;
    }

    test('it runs there', async () => {
      await withGpu(() => {});
      expect(await backendOf()).toBe('webgpu');
      expect(warn).not.toHaveBeenCalled();
    });

    test('a model that it has no room for runs on the CPU, and a warning says why', async () => {
      const devices = await withGpu((device) => {
        const refusal = { message: 'no room' } as GPUError;
        const pop = device.popErrorScope.bind(device);
        const create = device.createBuffer.bind(device);
        let isFull = false;
        device.createBuffer = (descriptor) => {
          isFull ||= descriptor.label === 'room for the model';
          return create(descriptor);
        };
        device.popErrorScope = async () => (((await pop()) ?? isFull) ? refusal : null);
      });
      expect(await backendOf()).toBe('wasm');
      expect(devices()).toBe(1);
      expect(warn).toHaveBeenCalledExactlyOnceWith(
        expect.stringMatching(/runs on the CPU.*MiB and the GPU gives less/),
      );
    });

    test('a model over which devices are lost runs on the CPU, and a warning says why', async () => {
      const devices = await withGpu((device) => {
        const submit = device.queue.submit.bind(device.queue);
        device.queue.submit = (commands) => {
          submit(commands);
          device.destroy();
        };
      });
      expect(await backendOf()).toBe('wasm');
      expect(devices()).toBe(2);
      expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/runs on the CPU.*the GPU was lost/));
    });
  });

  test('refuses options and backends by name', async () => {
    await expect(loadEngine(model, { threads: 0 })).rejects.toMatchObject({ field: 'threads' });
    await expect(loadEngine(model, { backend: 'reference' })).rejects.toMatchObject({ code: 'backend-unavailable' });
  });
});
