import { expect, inject, test } from 'vitest';
import { loadEngine } from '../../src/browser/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly inputs: readonly string[];
  }
}

test('isolated', async () => {
  expect(inject('inputs')).toContain('/data/demo.gguf');
  expect(crossOriginIsolated).toBe(true);
  const progress: unknown[] = [];
  await using engine = await loadEngine('/data/demo.gguf', { onProgress: (p) => progress.push(p) });
  console.log(JSON.stringify(engine.backend), progress.length);
  const { text } = await engine.generate('Once upon a time', { temperature: 0, maxTokens: 32 }).result();
  console.log(text);
});
