// Sequences that run together, in a process of its own; prints one JSON line with tok/s of all of them for each number.
//
//   node bench/support/measure-batched.ts MODEL --threads 2 --prompt 16 --generate 32
import { loadEngine, type Engine } from '../../src/index.ts';
import { foreignLoad } from './cpu-load.ts';
import { settingsFrom, warmUpPrompt, WARM_UP_GENERATED } from './run-settings.ts';

export const SEQUENCES = [1, 2, 4, 8, 16] as const;

export interface BatchedRun {
  readonly library: string;
  /** tok/s of all sequences together, by their number. */
  readonly rates: Readonly<Record<string, number>>;
  /** Whether the first sequence got the same tokens in every company. */
  readonly sameTokens: boolean;
  readonly foreign: number;
}

interface Sequence {
  readonly tokens: readonly number[];
  /** When each token came, milliseconds. */
  readonly times: readonly number[];
}

if (import.meta.main) {
  const { model, threads, promptTokens, generatedTokens, contextLength } = settingsFrom(process.argv.slice(2));
  const maxSequences = Math.max(...SEQUENCES);
  const engine = await loadEngine(model, { backend: 'wasm', threads, contextLength, maxSequences, wideVectors: true });
  const vocabulary = engine.config.vocabSize;
  const promptOf = (sequence: number) =>
    Array.from({ length: promptTokens }, (_, i) => 300 + ((sequence * 4001 + i * 7) % (vocabulary - 300)));

  const greedy = { temperature: 0, ignoreEos: true };
  // Every number of rows may have kernels of its own: each of them has to reach its final tier.
  await engine.generate(warmUpPrompt(), { ...greedy, maxTokens: WARM_UP_GENERATED }).result();
  for (const count of SEQUENCES) await together(engine, count, WARM_UP_GENERATED);

  const load = foreignLoad();
  const rates: Record<string, number> = {};
  const firsts: string[] = [];
  for (const count of SEQUENCES) {
    const sequences = await together(engine, count, generatedTokens + 1);
    rates[count] = steadyRate(sequences);
    firsts.push(sequences[0]!.tokens.join());
  }
  const run: BatchedRun = {
    library: engine.backend.mode,
    rates,
    sameTokens: new Set(firsts).size === 1,
    foreign: load(),
  };
  console.log(JSON.stringify(run));
  await engine.close();

  async function together(on: Engine, count: number, maxTokens: number): Promise<Sequence[]> {
    const generations = Array.from({ length: count }, (_, i) => on.generate(promptOf(i), { ...greedy, maxTokens }));
    return Promise.all(
      generations.map(async (generation) => {
        const [tokens, times]: [number[], number[]] = [[], []];
        for await (const event of generation.events()) {
          if (event.type !== 'token') continue;
          tokens.push(event.tokenId);
          times.push(performance.now());
        }
        return { tokens, times };
      }),
    );
  }
}

/** tok/s while all of the sequences decode: after the last one's first token, until the first one ends. */
function steadyRate(sequences: readonly Sequence[]): number {
  const start = Math.max(...sequences.map(({ times }) => times[0]!));
  const end = Math.min(...sequences.map(({ times }) => times.at(-1)!));
  const count = sequences.flatMap(({ times }) => times.filter((time) => time > start && time <= end)).length;
  return (1000 * count) / (end - start);
}
