import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Backend, BackendName } from '../src/backend/backend.ts';
import { createReferenceBackend } from '../src/backend/reference/reference-backend.ts';
import { type ErrorCode, RealizarError } from '../src/errors.ts';
import { demoModelPath } from '../src/index.ts';
import { openCheckpoint } from '../src/open-checkpoint.node.ts';
import { startOnBest } from '../src/start-on-best.ts';

/** Calls itself `name`, and fails with `code` when a model is loaded. */
function backendNamed(name: BackendName, code?: ErrorCode): () => Promise<Backend> {
  return async () => {
    const backend = createReferenceBackend();
    const reserve = async () => {
      if (code !== undefined) throw new RealizarError(code, `${name} says ${code}`);
    };
    return Object.assign(backend, { info: { ...backend.info, name }, reserve });
  };
}

async function started(best: () => Promise<Backend>, cpu: () => Promise<Backend>, signal?: AbortSignal) {
  const checkpoint = await openCheckpoint(demoModelPath());
  try {
    const ranks = { best, cpu, checkpoint: () => openCheckpoint(demoModelPath()) };
    await using engine = await startOnBest(checkpoint, ranks, { contextLength: 64, ...(signal && { signal }) });
    return engine.backend.name;
  } finally {
    await checkpoint.close();
  }
}

describe('the best backend', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  afterEach(() => void warn.mockClear());

  test('has the model, and nobody is warned', async () => {
    expect(await started(backendNamed('webgpu'), backendNamed('wasm'))).toBe('webgpu');
    expect(warn).not.toHaveBeenCalled();
  });

  test.each(['out-of-memory', 'device-lost'] as const)(
    'makes room for the CPU after %s, and says why',
    async (code) => {
      expect(await started(backendNamed('webgpu', code), backendNamed('wasm'))).toBe('wasm');
      expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(`webgpu says ${code}`));
    },
  );

  test('does not hide what is wrong with the model, or with the CPU', async () => {
    const fails = async (best: () => Promise<Backend>, cpu: () => Promise<Backend>, message: string) =>
      expect(started(best, cpu)).rejects.toThrow(message);
    const noBackend = () => Promise.reject(new Error('nobody wants this one'));
    await fails(backendNamed('webgpu', 'bad-hparam'), noBackend, 'webgpu says bad-hparam');
    await fails(backendNamed('wasm', 'out-of-memory'), noBackend, 'wasm says out-of-memory');
    await fails(
      backendNamed('webgpu', 'out-of-memory'),
      backendNamed('wasm', 'out-of-memory'),
      'wasm says out-of-memory',
    );
    const aborted = AbortSignal.abort();
    await expect(started(backendNamed('webgpu', 'out-of-memory'), noBackend, aborted)).rejects.toThrow();
    expect(warn).toHaveBeenCalledOnce(); // the CPU was tried once
  });
});
