// One run of wllama in a Chromium of its own; prints one JSON line. The same arguments as measure-realizar.ts, with a text
// as the prompt, because its interface takes no token ids.
//
//   node bench/peers/measure-wllama.mjs MODEL --threads 2 --text 1024 --generate 64 [--context 2048]
//
// Tuned: the page is cross-origin isolated, so that wllama takes its threads; SIMD is in its only build; no layer goes to a GPU;
// one sequence; batches of 512; the model lies in memory before loading; sampling takes the best token and nothing else;
// no prompt cache; a warm-up before the clock starts. WLLAMA_OPTIONS (JSON) is added to its load parameters.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { foreignLoad, treeSeconds } from '../support/cpu-load.ts';
import { settingsFrom, textOf, warmUpText, WARM_UP_GENERATED } from '../support/run-settings.ts';
import { serveFiles } from '../support/serve-files.ts';
import { launchChromium } from './chromium.mjs';

const settings = settingsFrom(process.argv.slice(2));
// The package's entry points name files that it does not ship.
const files = join(fileURLToPath(import.meta.resolve('@wllama/wllama/package.json')), '../esm');
const { url, server } = await serveFiles({ '/wllama': files, '/model.gguf': settings.model });
const browser = await launchChromium();
const page = await browser.newPage();
if (process.env.WLLAMA_LOG) page.on('console', (message) => console.error(message.text()));
page.on('pageerror', (error) => console.error(error));
await page.goto(url);

await page.evaluate(() => {
  globalThis.start = async (loadOptions) => {
    const { Wllama, LoggerWithoutDebug } = await import('/wllama/index.js');
    const log = [];
    const keep = (...parts) => void log.push(parts.join(' '));
    const logger = { ...LoggerWithoutDebug, debug: keep, log: keep, warn: keep };
    const wllama = new Wllama({ default: '/wllama/wasm/wllama.wasm' }, { logger });
    const blob = await (await fetch('/model.gguf')).blob();
    const begin = performance.now();
    await wllama.loadModel([blob], loadOptions);
    globalThis.wllama = wllama;
    return { loadMs: performance.now() - begin, log, threads: wllama.getNumThreads(), isolated: crossOriginIsolated };
  };
  globalThis.complete = async (prompt, count) => {
    const begin = performance.now();
    const times = [];
    const options = {
      prompt,
      max_tokens: count,
      temperature: 0,
      top_k: 1,
      samplers: ['top_k'],
      ignore_eos: true,
      cache_prompt: false,
    };
    let timings;
    for await (const chunk of await globalThis.wllama.createCompletion({ ...options, stream: true })) {
      if (chunk.choices?.[0]?.finish_reason == null) times.push(performance.now() - begin);
      timings = chunk.timings ?? timings;
    }
    return { times, timings };
  };
});

const { threads, contextLength, textLength, generatedTokens } = settings;
const loaded = await page.evaluate((options) => globalThis.start(options), {
  n_threads: threads,
  n_ctx: contextLength,
  n_batch: 512,
  n_ubatch: 512,
  n_parallel: 1,
  n_gpu_layers: 0,
  ...JSON.parse(process.env.WLLAMA_OPTIONS ?? '{}'),
});
if (process.env.WLLAMA_LOG) console.error(loaded.log.join('\n'));
const complete = (prompt, count) => page.evaluate(([text, max]) => globalThis.complete(text, max), [prompt, count]);
// A few tokens call its kernels often enough for their final tier.
await complete(warmUpText(16), WARM_UP_GENERATED);
const load = foreignLoad(treeSeconds);
const { times, timings } = await complete(textOf(textLength), generatedTokens + 1);
const foreign = load();

console.log(
  JSON.stringify({
    engine: 'wllama',
    library: `wllama in Chromium ${browser.version()}, ${loaded.threads} threads${loaded.isolated ? '' : ', not isolated'}`,
    loadMs: loaded.loadMs,
    prefill: (1000 * timings.prompt_n) / times[0],
    decode: (1000 * (times.length - 1)) / (times.at(-1) - times[0]),
    own: { prefill: timings.prompt_per_second, decode: timings.predicted_per_second },
    promptTokens: timings.prompt_n,
    foreign,
    residentBytes: 0,
    tokens: [],
  }),
);
await browser.close();
server.close();
