import { expect, test } from 'vitest';
import { createReferenceBackend } from '../../src/backend/reference/reference-backend.ts';
import { createWasmBackend } from '../../src/backend/wasm/wasm-backend.ts';
import { productTime } from '../../src/browser/product-time.ts';

test('any backend can be timed, and works afterwards', async () => {
  for (const backend of [createReferenceBackend(), await createWasmBackend({ inline: true })]) {
    expect(await productTime(backend)).toBeGreaterThan(0);
    expect(await productTime(backend)).toBeLessThan(60_000);
    await backend.dispose();
  }
});
