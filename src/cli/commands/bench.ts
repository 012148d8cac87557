import type { OpTime, TunedKernel } from '../../backend/backend.ts';
import type { EngineApi } from '../../engine/engine-api.ts';
import { openCheckpoint } from '../../open-checkpoint.node.ts';
import { markdownTable } from '../markdown-table.ts';
import { median } from '../median.ts';
import { loadWithProgress } from '../loading.ts';
import { loadOptionsOf, type LoadFlags } from '../options.ts';

export interface BenchFlags extends LoadFlags {
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly repetitions: number;
  readonly output: 'md' | 'csv' | 'json';
  readonly threads?: number[];
  readonly profile?: boolean;
}

interface Measurement {
  readonly model: string;
  readonly size_bytes: number;
  readonly backend: string;
  /** Kernel set. */
  readonly mode: string;
  readonly threads: number;
  readonly test: string;
  readonly tokens_per_second: {
    readonly median: number;
    readonly min: number;
    readonly max: number;
    readonly samples: readonly number[];
  };
  /** Of all repetitions and the warm-up. */
  readonly profile?: readonly OpTime[];
  /** By which kernels, with the profile, where the backend chose them for this model. */
  readonly tuned?: readonly TunedKernel[];
}

/** `realizar bench`: the tests of llama-bench. pp: a prompt of random tokens. tg: tokens generated after a prompt of one. */
export async function bench(model: string, flags: BenchFlags): Promise<void> {
  const checkpoint = await openCheckpoint(model);
  const sizeBytes = checkpoint.byteLength;
  await checkpoint.close();

  const measurements: Measurement[] = [];
  for (const threads of flags.threads ?? [undefined]) {
    const contextLength = Math.max(flags.promptTokens, flags.generatedTokens) + 2;
    const { threads: _list, ...single } = flags;
    await using engine = await loadWithProgress(model, {
      ...loadOptionsOf(single),
      contextLength,
      ...(threads !== undefined && { threads }),
    });
    const measure = async (test: string, promptTokens: number, maxTokens: number) => {
      if (flags.profile) await engine.profile?.();
      const samples = await samplesOf(engine, promptTokens, maxTokens, flags.repetitions);
      const profile = flags.profile ? await engine.profile?.() : undefined;
      measurements.push({
        ...describe(engine, sizeBytes),
        test,
        tokens_per_second: summary(samples),
        ...(profile && { profile }),
        ...(flags.profile && engine.backend.tuned && { tuned: engine.backend.tuned }),
      });
    };
    if (flags.promptTokens > 0) await measure(`pp${flags.promptTokens}`, flags.promptTokens, 1);
    if (flags.generatedTokens > 0) await measure(`tg${flags.generatedTokens}`, 1, flags.generatedTokens + 1);
  }
  print(measurements, flags.output);
}

const describe = (engine: EngineApi, sizeBytes: number) => ({
  model: engine.modelId,
  size_bytes: sizeBytes,
  backend: engine.backend.name,
  mode: engine.backend.mode,
  threads: engine.backend.threads,
});

/** tok/s of each repetition, after a run that is not counted. */
async function samplesOf(
  engine: EngineApi,
  promptTokens: number,
  maxTokens: number,
  repetitions: number,
): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round <= repetitions; round++) {
    const prompt = Array.from(
      { length: promptTokens },
      (_, i) => (i * 7919 + round * 104729 + 1) % engine.config.vocabSize,
    );
    const { timings } = await engine.generate(prompt, { maxTokens, temperature: 0, ignoreEos: true }).result();
    const rate = maxTokens === 1 ? timings.prefillTokens / timings.prefillMs : timings.decodeTokens / timings.decodeMs;
    if (round > 0) samples.push(1000 * rate);
    if (process.stderr.isTTY)
      process.stderr.write(
        `\r${maxTokens === 1 ? 'prompt' : 'generation'}: ${round} of ${repetitions}, ${(1000 * rate).toFixed(1)} tok/s   `,
      );
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  return samples;
}

const summary = (samples: readonly number[]) => ({
  median: median(samples),
  min: Math.min(...samples),
  max: Math.max(...samples),
  samples,
});

function print(measurements: readonly Measurement[], format: BenchFlags['output']): void {
  if (format === 'json') return console.log(JSON.stringify(measurements));
  const header = ['model', 'size (bytes)', 'backend', 'mode', 'threads', 'test', 'tok/s median', 'min', 'max'];
  const rows = measurements.map(
    ({ model, size_bytes, backend, mode, threads, test, tokens_per_second: { median: middle, min, max } }) =>
      [model, size_bytes, backend, mode, threads, test, middle.toFixed(2), min.toFixed(2), max.toFixed(2)].map(String),
  );
  if (format === 'csv')
    return console.log([header, ...rows].map((row) => row.map((cell) => JSON.stringify(cell)).join(',')).join('\n'));
  console.log(markdownTable(header, rows));
  for (const { test, threads, profile } of measurements) {
    if (profile) console.log(`\n${test}, ${threads} threads\n\n${profileTable(profile)}`);
  }
  const tuned = measurements[0]?.tuned;
  if (tuned) console.log(`\nkernels\n\n${tunedTable(tuned)}`);
}

const tunedTable = (tuned: readonly TunedKernel[]): string =>
  markdownTable(
    ['product', 'kernel', 'origin'],
    tuned.map(({ product, kernel, origin }) => [product, kernel, origin]),
  );

function profileTable(profile: readonly OpTime[]): string {
  const total = profile.reduce(
    (sum, { milliseconds, waitingMilliseconds }) => sum + milliseconds + waitingMilliseconds,
    0,
  );
  return markdownTable(
    ['op', 'calls', 'ms', 'waiting ms', 'share'],
    profile.map(({ op, calls, milliseconds, waitingMilliseconds }) => [
      op,
      String(calls),
      milliseconds.toFixed(2),
      waitingMilliseconds.toFixed(2),
      `${((100 * (milliseconds + waitingMilliseconds)) / total).toFixed(1)} %`,
    ]),
  );
}
