// A text to summarise, plainly and by prompt lookup, in a process of its own; prints one JSON line.
//
//   node bench/support/measure-lookup.ts MODEL --threads 2 --generate 192
import { loadEngine, type GenerationResult } from '../../src/index.ts';
import { article } from './article.ts';
import { foreignLoad } from './cpu-load.ts';
import { settingsFrom } from './run-settings.ts';

/** Tokens guessed at once. */
const GUESSES = 10;

/** Both ways take turns: the speed of a machine changes within seconds. */
const TURNS = 3;

export interface LookupRun {
  readonly library: string;
  /** tok/s of decoding */
  readonly plain: { readonly decode: number };
  readonly lookup: { readonly decode: number };
  /** Share of the guessed tokens that were right. */
  readonly rightGuesses: number;
  readonly sameTokens: boolean;
  readonly generated: number;
  readonly text: string;
  readonly foreign: number;
}

if (import.meta.main) {
  const { model, threads, generatedTokens } = settingsFrom(process.argv.slice(2));
  const engine = await loadEngine(model, { backend: 'wasm', threads, contextLength: 2048, wideVectors: true });
  const summarise = (promptLookup: number, maxTokens = generatedTokens): Promise<GenerationResult> =>
    engine
      .chat([{ role: 'user', content: `Summarise this text. Quote its words where you can.\n\n${article}` }], {
        temperature: 0,
        maxTokens,
        promptLookup,
      })
      .result();
  // Guesses are checked by kernels for several rows, which have to reach their final tier too.
  for (const guesses of [0, GUESSES]) await summarise(guesses, 48);

  const load = foreignLoad();
  const plains: GenerationResult[] = [];
  const lookups: GenerationResult[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    plains.push(await summarise(0));
    lookups.push(await summarise(GUESSES));
  }
  const [plain, lookup] = [plains[0]!, lookups[0]!];
  const { draftedTokens = 0, acceptedTokens = 0 } = lookup.timings;
  const rate = (results: readonly GenerationResult[]): number =>
    (1000 * sum(results.map(({ timings }) => timings.decodeTokens))) /
    sum(results.map(({ timings }) => timings.decodeMs));
  const run: LookupRun = {
    library: engine.backend.mode,
    plain: { decode: rate(plains) },
    lookup: { decode: rate(lookups) },
    rightGuesses: acceptedTokens / Math.max(1, draftedTokens),
    sameTokens: plain.tokenIds.join() === lookup.tokenIds.join(),
    generated: plain.tokenIds.length,
    text: plain.text,
    foreign: load(),
  };
  console.log(JSON.stringify(run));
  await engine.close();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
