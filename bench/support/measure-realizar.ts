// One run of realizar in a process of its own; prints one JSON line.
//
//   node bench/support/measure-realizar.ts MODEL --threads 2 --prompt 256 --generate 64 [--context 2048] [--kv f16] [--cold]
import { loadEngine } from '../../src/index.ts';
import { foreignLoad } from './cpu-load.ts';
import { peakResidentBytes } from './resident.ts';
import { promptOf, settingsFrom, warmUpPrompt, WARM_UP_GENERATED, type Run } from './run-settings.ts';

const { model, threads, promptTokens, generatedTokens, contextLength, cold, kvType, kernelSet } = settingsFrom(
  process.argv.slice(2),
);
const greedy = { temperature: 0, ignoreEos: true };

let load = foreignLoad();
const start = performance.now();
await using engine = await loadEngine(model, {
  threads,
  contextLength,
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
for await (const event of engine
  .generate(promptOf(promptTokens), { ...greedy, maxTokens: generatedTokens + 1 })
  .events()) {
  if (event.type !== 'token') continue;
  end = performance.now();
  if (tokens.length === 0) firstToken = end;
  tokens.push(event.tokenId);
}

const run: Run = {
  engine: 'realizar',
  library: engine.backend.mode,
  loadMs,
  ...(cold && { firstTokenMs: firstToken - start }),
  prefill: (1000 * promptTokens) / (firstToken - begin),
  decode: (1000 * generatedTokens) / (end - firstToken),
  foreign: load(),
  residentBytes: peakResidentBytes(),
  tokens: tokens.slice(0, 16),
};
console.log(JSON.stringify(run));
