import { expect, test, vi } from 'vitest';
import { InlineExecutor } from '../../../src/backend/wasm/inline-executor.ts';
import type { KernelExports } from '../../../src/backend/wasm/kernel-exports.ts';
import { compileModule, createMemory, hasSimd } from '../../../src/backend/wasm/module.ts';
import { createWasmBackend } from '../../../src/backend/wasm/wasm-backend.ts';

test('a build takes shared memory or plain memory, as it was asked for', async () => {
  for (const shared of [true, false]) {
    const module = await compileModule('simd', shared);
    expect(() => new WebAssembly.Instance(module, { env: { memory: createMemory(64, shared) } })).not.toThrow();
    expect(() => new WebAssembly.Instance(module, { env: { memory: createMemory(64, !shared) } })).toThrow(/memory/);
  }
  expect(hasSimd()).toBe(true);
});

test('an engine that does not take the kernels is told apart from other failures', async () => {
  const compile = vi.spyOn(WebAssembly, 'compile').mockRejectedValue(new WebAssembly.CompileError('no'));
  await expect(compileModule('simd', true)).rejects.toMatchObject({ code: 'backend-unavailable' });
  compile.mockRestore();
});

test('where memory cannot be shared, the calling thread computes', async () => {
  vi.stubGlobal('SharedArrayBuffer', undefined);
  const backend = await createWasmBackend({ threads: 4 });
  vi.unstubAllGlobals();
  expect(backend.info.threads).toBe(1);
  await backend.dispose();
});

test('a kernel that fails in the calling thread is a typed error', () => {
  const kernels = new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports as unknown as KernelExports;
  const executor = new InlineExecutor();
  expect(() => executor.run({ kernels }, 0)).toThrow(expect.objectContaining({ code: 'closed' }));
});

/** (module (func (export "run") unreachable)) */
const TRAP = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  4,
  1,
  96,
  0,
  0,
  3,
  2,
  1,
  0,
  7,
  7,
  1,
  3,
  114,
  117,
  110,
  0,
  0,
  10,
  5,
  1,
  3,
  0,
  0,
  11,
);
