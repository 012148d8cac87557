// One run of one engine in a process of its own; prints one JSON line.
//
//   node bench/support/measure-realizar.ts MODEL THREADS PROMPT_TOKENS GENERATED_TOKENS
import { readFileSync } from 'node:fs';
import { loadEngine } from '../../src/index.ts';
import { foreignLoad } from './cpu-load.ts';

const [path = '', threads = '1', promptTokens = '128', generatedTokens = '64'] = process.argv.slice(2);
const start = performance.now();
await using engine = await loadEngine(path, { threads: Number(threads), contextLength: 2048 });
const loadMs = performance.now() - start;

const prompt = Array.from({ length: Number(promptTokens) }, (_, i) => (300 + i * 7) % engine.config.vocabSize);
await engine.generate(prompt.slice(0, 8), { maxTokens: 8, temperature: 0, ignoreEos: true }).result(); // the kernels reach their final tier
const load = foreignLoad();
const { timings } = await engine
  .generate(prompt, { maxTokens: Number(generatedTokens) + 1, temperature: 0, ignoreEos: true })
  .result();

console.log(
  JSON.stringify({
    engine: 'realizar',
    library: engine.backend.mode,
    loadMs,
    prefill: (1000 * timings.prefillTokens) / timings.prefillMs,
    decode: (1000 * timings.decodeTokens) / timings.decodeMs,
    foreign: load(),
    residentBytes: peakResidentBytes(),
  }),
);

function peakResidentBytes(): number {
  if (process.platform !== 'linux') return process.memoryUsage().rss;
  return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
}
