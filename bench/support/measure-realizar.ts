// One run of realizar in a process of its own; prints one JSON line.
//
//   node bench/support/measure-realizar.ts MODEL --threads 2 --prompt 256 --generate 64 [--context 2048] [--kv f16] [--cold]
import type { KvDType } from '../../src/backend/backend.ts';
import { foreignLoad } from './cpu-load.ts';
import { peakResidentBytes } from './resident.ts';
import {
  promptOf,
  settingsFrom,
  textOf,
  untilCompiled,
  warmUpPrompt,
  WARM_UP_GENERATED,
  type Run,
} from './run-settings.ts';

const settings = settingsFrom(process.argv.slice(2));
const { model, threads, generatedTokens, contextLength, cold, kernelSet } = settings;
const greedy = { temperature: 0, ignoreEos: true };

// A cold run is of the built package, as users have it: stripping types would be a part of what it measures.
const entry = cold ? '../../dist/index.js' : '../../src/index.ts';
const { loadEngine } = (await import(entry)) as typeof import('../../src/index.ts');
if (cold) await untilCompiled();

let load = foreignLoad();
const start = performance.now();
const engine = await loadEngine(model, {
  backend: settings.gpu ? 'webgpu' : 'wasm',
  threads,
  contextLength,
  wideVectors: true,
  ...(settings.kvType !== undefined && { kvCacheType: settings.kvType as KvDType }),
  ...(kernelSet !== undefined && { kernelSet }),
});
const loadMs = performance.now() - start;

if (!cold) {
  await engine.generate(warmUpPrompt(), { ...greedy, maxTokens: WARM_UP_GENERATED }).result();
  load = foreignLoad();
}
const begin = performance.now();
let firstToken = begin;
let end = begin;
const tokens: number[] = [];
const prompt = settings.textLength === undefined ? promptOf(settings.promptTokens) : textOf(settings.textLength);
const generation = engine.generate(prompt, { ...greedy, maxTokens: generatedTokens + 1 });
const promptTokens = generation.promptTokenIds.length;
for await (const event of generation.events()) {
  if (event.type !== 'token') continue;
  end = performance.now();
  if (tokens.length === 0) firstToken = end;
  tokens.push(event.tokenId);
}

const run: Run = {
  engine: 'realizar',
  library: [engine.backend.mode, engine.backend.device].filter(Boolean).join(', '),
  loadMs,
  ...(cold && { firstTokenMs: firstToken - start }),
  prefill: (1000 * promptTokens) / (firstToken - begin),
  decode: (1000 * generatedTokens) / (end - firstToken),
  foreign: load(),
  promptTokens,
  memoryBytes: engine.memoryBytes,
  residentBytes: peakResidentBytes(),
  tokens: tokens.slice(0, 16),
};
console.log(JSON.stringify(run));
await engine.close();
