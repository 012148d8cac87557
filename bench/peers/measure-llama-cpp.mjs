// One run of llama.cpp (node-llama-cpp) in a process of its own; prints one JSON line. The same arguments as measure-realizar.ts.
//
//   node bench/peers/measure-llama-cpp.mjs MODEL --threads 2 --prompt 256 --generate 64 [--context 2048] [--kv f16] [--cold]
import { readFileSync } from 'node:fs';
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';
import { foreignLoad } from '../support/cpu-load.ts';
import { peakResidentBytes } from '../support/resident.ts';
import { promptOf, settingsFrom, untilCompiled, warmUpPrompt, WARM_UP_GENERATED } from '../support/run-settings.ts';

const {
  model: modelPath,
  threads,
  promptTokens,
  generatedTokens,
  contextLength,
  cold,
  kvType,
  gpu,
} = settingsFrom(process.argv.slice(2));
// Flash attention is the package's default where the model allows it; `off` shows what it costs or brings.
const flashAttention = process.env.LLAMA_FLASH_ATTENTION === 'off' ? false : 'auto';

let log = '';
const logger = (_level, message) => void (log += message);
const llama = await getLlama({
  gpu: gpu ? 'vulkan' : false,
  maxThreads: threads,
  logLevel: LlamaLogLevel.info,
  logger,
  build: 'never',
});
if (cold) await untilCompiled();
let load = foreignLoad();
const start = performance.now();
const model = await llama.loadModel({ modelPath, useMmap: true, ...(gpu && { gpuLayers: 'max' }) });
const context = await model.createContext({
  contextSize: contextLength,
  threads,
  batchSize: 512,
  flashAttention,
  performanceTracking: true,
  ...(kvType !== undefined && {
    experimentalKvCacheKeyType: kvType.toUpperCase(),
    experimentalKvCacheValueType: kvType.toUpperCase(),
  }),
});
const loadMs = performance.now() - start;

const sequence = context.getSequence();
const greedy = { temperature: 0, yieldEogToken: true };
if (!cold) {
  for await (const _ of take(sequence.evaluate(warmUpPrompt(), greedy), WARM_UP_GENERATED));
  await sequence.clearHistory();
  await context.printTimings();
  load = foreignLoad();
}
log = '';
const begin = performance.now();
let firstToken = begin;
let end = begin;
const tokens = [];
for await (const token of take(sequence.evaluate(promptOf(promptTokens), greedy), generatedTokens + 1)) {
  end = performance.now();
  if (tokens.length === 0) firstToken = end;
  tokens.push(token);
}
const foreign = load();
await context.printTimings();

console.log(
  JSON.stringify({
    engine: 'llama.cpp',
    library: gpu ? `Vulkan, ${(await llama.getGpuDeviceNames()).join(', ')}` : cpuLibrary(),
    loadMs,
    ...(cold && { firstTokenMs: firstToken - start }),
    prefill: (1000 * promptTokens) / (firstToken - begin),
    decode: (1000 * generatedTokens) / (end - firstToken),
    own: { prefill: ownRate('prompt eval time'), decode: ownRate('[^t] +eval time') },
    foreign,
    residentBytes: peakResidentBytes(),
    tokens: tokens.slice(0, 16),
  }),
);
process.exit(0);

function cpuLibrary() {
  return readFileSync('/proc/self/maps', 'utf8').match(/libggml-cpu-?[\w-]*\.so/)?.[0] ?? 'unknown';
}

/** tok/s by llama.cpp's own clock; null where it did not say. */
function ownRate(name) {
  const [, milliseconds, count] = log.match(new RegExp(`${name} =\\s*([\\d.]+) ms /\\s*(\\d+)`)) ?? [];
  return milliseconds === undefined ? null : (1000 * count) / milliseconds;
}

async function* take(generation, length) {
  let taken = 0;
  for await (const token of generation) {
    yield token;
    if (++taken === length) return;
  }
}
