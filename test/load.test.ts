import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demoModelPath, loadEngine, RealizarError, type LoadProgress } from '../src/index.ts';
import { openCheckpoint } from '../src/open-checkpoint.node.ts';
import { describeWithInputs, sharedPath } from './support/inputs.ts';

const demo = demoModelPath();
const onReference = { backend: 'reference', contextLength: 64 } as const;

async function answerOf(source: Parameters<typeof loadEngine>[0]): Promise<string> {
  await using engine = await loadEngine(source, onReference);
  return (await engine.generate('Once upon a time', { temperature: 0, maxTokens: 8 }).result()).text;
}

describe('loadEngine', () => {
  test('opens a model by path, file URL, bytes and Blob, and each says the same', async () => {
    const bytes = readFileSync(demo);
    const answers = await Promise.all(
      [demo, pathToFileURL(demo), String(pathToFileURL(demo)), bytes, new Blob([bytes])].map(answerOf),
    );
    expect(answers[0]).toMatch(/\w+ \w+/);
    expect(new Set(answers).size).toBe(1);
  });

  test('opens a model behind a URL and reads it by ranges', async () => {
    const bytes = readFileSync(demo);
    const server = createServer((request, response) => {
      const [, start, end] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '')!.map(Number) as [
        number,
        number,
        number,
      ];
      response.writeHead(206, {
        'content-range': `bytes ${start}-${end}/${bytes.length}`,
        'content-length': end - start + 1,
      });
      response.end(bytes.subarray(start, end + 1));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    expect(await answerOf(`http://127.0.0.1:${port}/demo.gguf`)).toBe(await answerOf(demo));
    server.close();
  });

  test('leaves a checkpoint open that was opened by somebody else', async () => {
    const checkpoint = await openCheckpoint(demo);
    expect(await answerOf(checkpoint)).toBe(await answerOf(checkpoint));
    await checkpoint.close();
  });

  test('names the engine after its file unless told otherwise, and gives it the context that was asked for', async () => {
    await using engine = await loadEngine(demo, onReference);
    expect(engine).toMatchObject({
      modelId: 'demo',
      contextLength: 64,
      hasChatTemplate: true,
      backend: { name: 'reference' },
    });
    await using other = await loadEngine(demo, { ...onReference, modelId: 'mine', contextLength: 2 ** 20 });
    expect(other.modelId).toBe('mine');
    expect(other.contextLength).toBe(other.config.contextLength);
  });

  test('answers a chat with the template of the model', async () => {
    await using engine = await loadEngine(demo, { backend: 'reference' });
    const { text, finishReason } = await engine
      .chat([{ role: 'user', content: 'Who are you?' }], { temperature: 0, maxTokens: 60 })
      .result();
    expect(text).toMatch(/^[A-Z].*\.$/s);
    expect(finishReason).toBe('stop');
  });

  test('tells how much is loaded', async () => {
    const steps: LoadProgress[] = [];
    await using _ = await loadEngine(demo, { ...onReference, onProgress: (step) => steps.push(step) });
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.at(-1)!.loadedBytes).toBe(steps.at(-1)!.totalBytes);
  });

  test('stops loading when it is told to', async () => {
    const controller = new AbortController();
    const loading = loadEngine(demo, {
      ...onReference,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(loading).rejects.toThrow(expect.objectContaining({ code: 'aborted' }));
  });

  test.each([
    ['a file that is not there', resolve(dirname(demo), 'none.gguf'), 'file-not-found'],
    ['a file of another kind', import.meta.filename, 'unknown-format'],
    ['bytes that are no model', new Uint8Array(100), 'bad-magic'],
  ])('refuses %s', async (_, source, code) => {
    await expect(loadEngine(source, onReference)).rejects.toThrow(expect.objectContaining({ code }));
  });

  test('runs a damaged file or says what is wrong with it, and nothing in between', async () => {
    const whole = readFileSync(demo);
    // Most of the file is weights, whose damage only changes the text; what comes before them is what can go wrong.
    const header = whole.indexOf('output_norm.weight');
    const damage = fc.array(fc.tuple(fc.nat(header), fc.oneof(fc.nat(255), fc.constantFrom(0, 127, 128, 255))), {
      minLength: 1,
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = new Uint8Array(whole);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          await using engine = await loadEngine(bytes, onReference);
          await engine.generate([5, 6], { maxTokens: 1 }).result();
        } catch (error) {
          expect(error).toBeInstanceOf(RealizarError);
          expect((error as RealizarError).code).not.toBe('backend-failed');
        }
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['backend', 'cuda'],
    ['contextLength', 0],
    ['contextLength', 1.5],
    ['maxSequences', 0],
    ['maxSequences', 1e6],
    ['chunkSize', -1],
    ['threads', 1e4],
  ])('refuses the option %s = %s', async (field, value) => {
    await expect(loadEngine(demo, { [field]: value })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-argument', field }),
    );
  });
});

describeWithInputs('loadEngine with a Hugging Face folder', [sharedPath('models/demo-hf')], () => {
  test('says what the GGUF file of the same model says', async () => {
    expect(await answerOf(sharedPath('models/demo-hf'))).toBe(await answerOf(demo));
  });
});
