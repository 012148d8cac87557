import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadEngine } from '../../src/load.ts';
import { createApp } from '../../src/server/app.ts';
import { serveModels, type ModelServer } from '../../src/server/serve-models.ts';
import { startServer, type RunningServer } from '../../src/server/serve.node.ts';
import { staticFiles } from '../../src/server/static-files.node.ts';
import { demoModel } from '../cli/support/cli.ts';
import { FakeEngine } from '../server/support/fake-engine.ts';
import { chromiumPath, softwareGpu, withoutWebgpu } from '../support/chromium.ts';
import { describeWithInputs, sharedPath } from '../support/inputs.ts';
import { buildPage } from './support/build-page.ts';

interface DemoCase {
  readonly ids: readonly number[];
  readonly continuation: readonly number[];
  readonly gaps: readonly number[];
}

/** For the page, as text: a test runner would rewrite the import of a function. */
const generateOnWebgl = (ids: readonly number[]): string => `(async () => {
  const { createWorkerEngine } = await import('/browser/index.js');
  const engine = await createWorkerEngine('/models/demo/file', { backend: 'webgl', contextLength: 256 });
  const options = { temperature: 0, maxTokens: 16, ignoreEos: true };
  const { tokenIds } = await engine.generate(${JSON.stringify(ids)}, options).result();
  await engine.close();
  return tokenIds;
})()`;

/** Where screenshots go, to be looked at. */
const pictures = process.env['SCREENSHOTS'] ?? mkdtempSync(join(tmpdir(), 'realizar-pictures-'));

const ANSWER_MS = 60_000;

describeWithInputs('the page at /', [chromiumPath ?? '/usr/bin/chromium'], () => {
  const end = new AbortController();
  let root: string;
  let server: ModelServer;
  beforeAll(async () => {
    root = await buildPage();
    server = await serveModels({
      models: [{ id: 'demo', path: demoModel }],
      load: ({ path }) => loadEngine(path, { backend: 'wasm', threads: 1, modelId: 'demo' }),
      host: '127.0.0.1',
      port: 0,
      cacheSize: 1,
      graceMs: 100,
      pageFiles: staticFiles(root, ['page', 'browser']),
      signal: end.signal,
    });
  });
  afterAll(async () => {
    end.abort();
    await server.closed;
    rmSync(root, { recursive: true, force: true });
  });

  describe.each([
    { name: 'Chromium', args: softwareGpu },
    { name: 'Chromium without WebGPU', args: withoutWebgpu },
  ])('in $name', ({ name, args }) => {
    const hasWebgpu = args === softwareGpu;
    let browser: Browser;
    let page: Page;
    const complaints: string[] = [];
    beforeAll(async () => {
      const { chromium } = await import('playwright');
      browser = await chromium.launch({ executablePath: chromiumPath!, args });
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      complaints.length = 0;
      page = await browser.newPage({
        viewport: { width: 1000, height: 700 },
        colorScheme: hasWebgpu ? 'light' : 'dark',
      });
      page.setDefaultTimeout(ANSWER_MS);
      page.on('console', (message) => {
        const expected = !hasWebgpu && message.text() === 'No available adapters.';
        if (['error', 'warning'].includes(message.type()) && !expected) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(server.url);
    });
    afterEach(async () => {
      await page.close();
      expect(complaints).toEqual([]);
    });

    const picture = (what: string) =>
      page.screenshot({ path: join(pictures, `${name} ${what}.png`.replaceAll(' ', '-')) });

    async function ask(question: string): Promise<{ text: string; note: string }> {
      await page.getByLabel('Message').fill(question);
      await page.keyboard.press('Enter');
      const note = page.locator('article.assistant small').last();
      await note.waitFor();
      return { text: await page.locator('article.assistant').last().innerText(), note: await note.innerText() };
    }

    test('the server answers, with a speed', { timeout: ANSWER_MS }, async () => {
      await picture('welcome');
      const { text, note } = await ask('Tell me a story about a lantern.');
      await picture('server');
      expect(text.length).toBeGreaterThan(100);
      expect(note).toMatch(/^\d+ tokens · [\d.]+ tokens\/s$/);
      expect(await page.locator('#where').innerText()).toBe('Answers come from the server.');
    });

    const golden = sharedPath('reference/demo/greedy.json');
    test.runIf(!hasWebgpu && existsSync(golden))(
      'sixteen tokens on WebGL are the exact ones',
      { timeout: ANSWER_MS },
      async () => {
        const cases = JSON.parse(readFileSync(golden, 'utf8')) as Record<string, DemoCase[]>;
        const { ids, continuation } = cases['demo.gguf']!.find(({ gaps }) =>
          gaps.slice(0, 16).every((gap) => gap > 0.2),
        )!;
        expect(await page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter()))).toBe(false);
        const tokenIds = await page.evaluate(generateOnWebgl(ids));
        expect(tokenIds).toEqual(continuation.slice(0, 16));
      },
    );

    test.each([
      { backend: 'wasm', where: /WebAssembly, \d+ threads?\./ },
      ...(hasWebgpu ? [{ backend: 'webgpu', where: /WebGPU.*\./ }] : [{ backend: 'webgl', where: /WebGL.*\./ }]),
    ])('the page answers on $backend', { timeout: 2 * ANSWER_MS }, async ({ backend, where }) => {
      await page.locator('.switch').click();
      await page.locator('#backend').selectOption(backend);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(new URL(request.url()).pathname));
      const { text } = await ask('Tell me a story about a lantern.');
      await picture(backend);
      expect(text.length).toBeGreaterThan(100);
      expect(await page.locator('#where').innerText()).toMatch(where);
      expect(asked).toContain('/models/demo/file');
      expect(asked).not.toContain('/v1/chat/completions');
    });
  });
});

describeWithInputs('the stop button', [chromiumPath ?? '/usr/bin/chromium'], () => {
  const engine = new FakeEngine({ delayMs: 20 });
  let root: string;
  let server: RunningServer;
  let browser: Browser;
  beforeAll(async () => {
    root = await buildPage();
    const app = createApp(engine, { pageFiles: staticFiles(root, ['page', 'browser']) });
    server = await startServer({ app, port: 0, graceMs: 100 });
    const { chromium } = await import('playwright');
    browser = await chromium.launch({ executablePath: chromiumPath!, args: withoutWebgpu });
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test('ends the answer, here and on the server, and what was said stays', { timeout: ANSWER_MS }, async () => {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.getByLabel('Message').fill('Count.');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect.poll(() => page.locator('article.assistant').innerText()).toMatch(/\w{3}/);
    await page.screenshot({ path: join(pictures, 'running.png') });
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.locator('article.assistant small').waitFor();
    expect(await page.locator('article.assistant').innerText()).toMatch(/^\w{3,}\n.*stopped$/);
    await expect.poll(() => engine.calls[0]!.state).toBe('cancelled');
    expect(await page.getByRole('button', { name: 'Send' }).isVisible()).toBe(true);
  });

  test('an error of the server is told in its own words', { timeout: ANSWER_MS }, async () => {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.getByLabel('Message').fill('raise');
    await page.keyboard.press('Enter');
    await page.locator('article.failed').waitFor();
    expect(await page.locator('article.failed').innerText()).toContain('the template says no');
    await page.getByRole('button', { name: 'New chat' }).click();
    expect(await page.locator('article').count()).toBe(0);
  });
});
