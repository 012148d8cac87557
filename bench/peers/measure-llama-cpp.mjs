// One run of llama.cpp (node-llama-cpp's prebuilt library) in a process of its own; prints one JSON line.
//
//   node bench/peers/measure-llama-cpp.mjs MODEL THREADS PROMPT_TOKENS GENERATED_TOKENS
import { readFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { foreignLoad } from '../support/cpu-load.ts';

const [path, threads, promptTokens, generatedTokens] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const llama = await getLlama({ gpu: false, maxThreads: threads, logLevel: LlamaLogLevel.error, build: 'never' });
const start = performance.now();
const model = await llama.loadModel({ modelPath: path, useMmap: true });
const context = await model.createContext({ contextSize: 2048, threads, batchSize: 512, flashAttention: false });
const loadMs = performance.now() - start;

const prompt = Array.from({ length: promptTokens }, (_, i) => 300 + i * 7);
const sequence = context.getSequence();
for await (const _ of take(sequence.evaluate(prompt.slice(0, 8), { temperature: 0, yieldEogToken: true }), 8)); // pages and caches are warm
await sequence.clearHistory();

const load = foreignLoad();
const begin = performance.now();
let firstToken = begin;
let count = 0;
for await (const _ of take(sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true }), generatedTokens + 1)) {
  if (count++ === 0) firstToken = performance.now();
}
const end = performance.now();
const library = readFileSync('/proc/self/maps', 'utf8').match(/libggml-cpu-?[\w-]*\.so/)?.[0] ?? 'unknown';
const residentBytes = 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
console.log(
  JSON.stringify({
    engine: 'llama.cpp',
    library,
    loadMs,
    prefill: (1000 * promptTokens) / (firstToken - begin),
    decode: (1000 * generatedTokens) / (end - firstToken),
    foreign: load(),
    residentBytes,
  }),
);
process.exit(0);

async function* take(tokens, length) {
  let taken = 0;
  for await (const token of tokens) {
    yield token;
    if (++taken === length) return;
  }
}
