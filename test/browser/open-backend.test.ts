import { afterEach, describe, expect, test, vi } from 'vitest';
import { openBackend } from '../../src/browser/open-backend.ts';

const nameOf = async (...args: Parameters<typeof openBackend>): Promise<string> => {
  const backend = await openBackend(...args);
  await backend.dispose();
  return backend.info.name;
};

/** A browser with this adapter. */
const withAdapter = (info: Partial<GPUAdapterInfo>): void => {
  vi.stubGlobal('navigator', { hardwareConcurrency: 2, gpu: { requestAdapter: async () => ({ info }) } });
};

describe('the backend of a page', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('is WebAssembly on threads where there is no GPU', async () => {
    expect(await nameOf('auto', { threads: 1 })).toBe('wasm');
  });

  test('is not a GPU that is a program', async () => {
    withAdapter({ architecture: 'swiftshader', isFallbackAdapter: false });
    expect(await nameOf('auto', { threads: 1 })).toBe('wasm');
  });

  test('is WebAssembly where the GPU cannot be opened', async () => {
    vi.stubGlobal('navigator', {
      hardwareConcurrency: 2,
      gpu: {
        requestAdapter: async () => ({
          info: { vendor: 'nvidia' },
          limits: {},
          features: new Set(),
          requestDevice: () => Promise.reject(new Error('no device today')),
        }),
      },
    });
    expect(await nameOf('auto', { threads: 1 })).toBe('wasm');
  });

  test('is WebAssembly on one thread where there are neither threads nor WebGL', async () => {
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(await nameOf('auto')).toBe('wasm');
  });

  test('is refused by names that this browser does not have', async () => {
    for (const name of ['webgl', 'webgpu', 'reference'] as const)
      await expect(openBackend(name)).rejects.toMatchObject({ code: 'backend-unavailable' });
  });
});
