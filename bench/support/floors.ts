/**
 * Kinds of CPUs by what they offer native code: llama.cpp multiplies 8-bit integers by AMX or VNNI where it can, and its speed is
 * what most floors are about.
 */
export type CpuClass = 'vnni' | 'avx2';

/** The ggml libraries that multiply by AMX or VNNI. */
const VNNI_LIBRARIES = ['cascadelake', 'icelake', 'cooperlake', 'sapphirerapids', 'zen4', 'alderlake'];

/** @param library name of the ggml library that llama.cpp loaded; without one, the features in the CPU's name decide */
export function cpuClass(library: string | undefined, cpu: string): CpuClass {
  const name = /libggml-cpu-(\w+)/.exec(library ?? '')?.[1];
  if (name !== undefined) return VNNI_LIBRARIES.includes(name) ? 'vnni' : 'avx2';
  return /vnni|amx/.test(cpu) ? 'vnni' : 'avx2';
}

export interface Floor {
  readonly case: string;
  readonly threads: number;
  readonly limit: Readonly<Record<CpuClass, number>>;
  /** Ratios have to be at least the limit, times at most. */
  readonly kind: 'at-least' | 'at-most';
}

const atLeast = (names: readonly string[], vnni: readonly [number, number], avx2: readonly [number, number]): Floor[] =>
  names.flatMap((name) => [
    { case: name, threads: 1, limit: { vnni: vnni[0], avx2: avx2[0] }, kind: 'at-least' },
    { case: name, threads: 2, limit: { vnni: vnni[1], avx2: avx2[1] }, kind: 'at-least' },
  ]);
const atLeastAnywhere = (name: string, threads: number, limit: number): Floor => ({
  case: name,
  threads,
  limit: { vnni: limit, avx2: limit },
  kind: 'at-least',
});
const atMostAnywhere = (name: string, limit: number): Floor => ({
  case: name,
  threads: 1,
  limit: { vnni: limit, avx2: limit },
  kind: 'at-most',
});

/** What realizar has to reach; the names are those of the cases of the benchmarks. */
export const floors: readonly Floor[] = [
  ...atLeast(['decode-q4_0'], [1.0, 1.1], [1.4, 1.25]),
  ...atLeast(['decode-q8_0'], [1.0, 1.05], [1.5, 1.2]),
  ...atLeast(['decode-smollm2'], [1.3, 1.6], [1.6, 2.2]),
  ...atLeast(['decode-1024-q4_0', 'decode-1024-q8_0'], [0.95, 1.05], [1.2, 1.1]),
  ...atLeast(
    ['prefill-256-q4_0', 'prefill-512-q4_0', 'prefill-256-q8_0', 'prefill-512-q8_0'],
    [0.65, 0.65],
    [1.1, 0.8],
  ),
  ...atLeast(['prefill-256-smollm2', 'prefill-512-smollm2'], [0.7, 0.7], [0.9, 0.9]),
  ...atLeast(['decode-q4_k_m'], [0.9, 0.95], [1.1, 1.0]),
  ...atLeast(['load-q8_0'], [0.9, 1.0], [0.9, 1.0]),
  atLeastAnywhere('busy-neighbour', 2, 0.5),
  atLeastAnywhere('oversubscribed', 3, 0.8),
  ...['q4_0', 'q8_0', 'smollm2'].flatMap((format) => [
    atLeastAnywhere(`batched-4-${format}`, 1, 2.0),
    atLeastAnywhere(`batched-8-${format}`, 1, 2.5),
    atLeastAnywhere(`batched-4-${format}`, 2, 1.8),
    atLeastAnywhere(`batched-8-${format}`, 2, 2.2),
  ]),
  ...['wllama-decode-smollm2', 'wllama-prefill-smollm2', 'wllama-decode-q4_0', 'wllama-prefill-q4_0'].flatMap(
    (name) => [atLeastAnywhere(name, 1, 2), atLeastAnywhere(name, 2, 2)],
  ),
  atLeastAnywhere('prompt-lookup', 1, 1.5),
  atLeastAnywhere('prompt-lookup', 2, 1.5),
  atMostAnywhere('toy-forward-1', 5.7),
  atMostAnywhere('toy-generate-20', 1576),
];

/** Whether a figure satisfies its floor. */
export function holds({ kind, limit }: Floor, cpu: CpuClass, value: number): boolean {
  return kind === 'at-least' ? value >= limit[cpu] : value <= limit[cpu];
}
