import { expect, test } from 'vitest';
import { openBackend } from '../../src/backend/open.ts';

test.each(['reference', 'wasm'] as const)('opens the %s backend by its name', async (name) => {
  const backend = await openBackend(name, { threads: 1 });
  expect(backend.info).toMatchObject({ name, threads: 1 });
  await backend.dispose();
});

test('runs the kernels that it was asked for, and says which there are where it has none of that name', async () => {
  const backend = await openBackend('wasm', { threads: 1, kernelSet: 'i16' });
  expect(backend.info.mode).toContain('i16');
  await backend.dispose();
  await expect(openBackend('wasm', { kernelSet: 'avx1024' })).rejects.toThrow(
    expect.objectContaining({ code: 'backend-unavailable', message: expect.stringMatching(/avx1024.*i16/) }),
  );
});
