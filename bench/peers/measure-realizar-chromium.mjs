// One run of realizar in a Chromium of its own; prints one JSON line. The same arguments as measure-wllama.mjs.
//
//   node bench/peers/measure-realizar-chromium.mjs MODEL --threads 2 --text 1024 --generate 64 [--context 2048]
//
// The page loads the browser's entry as it is published: dist/browser, which `npm run build` makes.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foreignLoad, treeSeconds } from '../support/cpu-load.ts';
import { settingsFrom, textOf, warmUpText, WARM_UP_GENERATED, WARM_UP_TOKENS } from '../support/run-settings.ts';
import { serveFiles } from '../support/serve-files.ts';
import { launchChromium } from './chromium.mjs';

const { model, threads, contextLength, textLength, generatedTokens } = settingsFrom(process.argv.slice(2));
const { url, server } = await serveFiles(
  {
    '/realizar': resolve(import.meta.dirname, '../../dist/browser'),
    '/jinja.js': fileURLToPath(import.meta.resolve('@huggingface/jinja')),
    '/model.gguf': model,
  },
  { '@huggingface/jinja': '/jinja.js' },
);
const browser = await launchChromium();
const page = await browser.newPage();
page.on('pageerror', (error) => console.error(error));
await page.goto(url);

const loaded = await page.evaluate(
  async (options) => {
    const { loadEngine } = await import('/realizar/index.js');
    const blob = await (await fetch('/model.gguf')).blob();
    const begin = performance.now();
    const engine = await loadEngine(blob, options);
    globalThis.complete = async (prompt, count) => {
      const start = performance.now();
      const times = [];
      const generation = engine.generate(prompt, { maxTokens: count, temperature: 0, ignoreEos: true });
      for await (const event of generation.events()) if (event.type === 'token') times.push(performance.now() - start);
      return { times, promptTokens: generation.promptTokenIds.length };
    };
    return { loadMs: performance.now() - begin, backend: engine.backend, isolated: crossOriginIsolated };
  },
  { backend: 'wasm', threads, contextLength },
);

const complete = (prompt, count) => page.evaluate(([text, max]) => globalThis.complete(text, max), [prompt, count]);
await complete(warmUpText(4 * WARM_UP_TOKENS), WARM_UP_GENERATED);
const load = foreignLoad(treeSeconds);
const { times, promptTokens } = await complete(textOf(textLength), generatedTokens + 1);
const foreign = load();

const { mode, threads: taken } = loaded.backend;
console.log(
  JSON.stringify({
    engine: 'realizar',
    library: `${mode} in Chromium ${browser.version()}, ${taken} threads${loaded.isolated ? '' : ', not isolated'}`,
    loadMs: loaded.loadMs,
    prefill: (1000 * promptTokens) / times[0],
    decode: (1000 * (times.length - 1)) / (times.at(-1) - times[0]),
    foreign,
    promptTokens,
    residentBytes: 0,
    tokens: [],
  }),
);
await browser.close();
server.close();
