// Decoding one token reads every weight once, so the number that matters is GB/s of packed weights: from cache, where the
// kernel is the limit, and from memory, where it should reach the stream kernel's rate.
//
//   node bench/ops/matvec.bench.ts [dtype ...]      JSON lines on stdout, a table on stderr

import { weightLayout, type KernelSet, type PackedDType } from '../../src/backend/wasm/layouts.ts';
import { dotMode, LinearKernels, setsOfBuild } from '../../test/backend/wasm/support/linear-kernels.ts';
import { measure } from './support/measure.ts';
import { randomWeight, scalesAt, setScales } from '../../test/backend/wasm/support/random-weight.ts';
import { streamKernel } from './support/stream.ts';

const columns = 2048;
const CACHED_BYTES = 400_000;
const MEMORY_BYTES = 96_000_000;

const all: PackedDType[] = ['q4_0', 'q8_0', 'q4_1', 'q5_1', 'q4_k', 'q5_k', 'q6_k', 'q3_k', 'f16', 'bf16', 'f32'];
const chosen = process.argv.slice(2) as PackedDType[];
const table: Record<string, unknown>[] = [];

function report(kernel: string, set: string, cached: number, memory: number): void {
  const line = { bench: 'matvec', kernel, set, columns, cacheGBps: round(cached), memoryGBps: round(memory) };
  console.log(JSON.stringify(line));
  table.push(line);
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** GB/s of packed weight: 32 random rows, again and again over `bytes`. `denormal`: all scales or halves are 2^-24. */
async function bandwidth(kernels: LinearKernels, dtype: PackedDType, bytes: number, denormal = false): Promise<number> {
  const { groupBytes } = weightLayout(dtype, 8, columns);
  const rows = Math.max(32, Math.floor(bytes / groupBytes / 4) * 32);
  const source = randomWeight(dtype, 32, columns);
  if (denormal && scalesAt[dtype]) setScales(dtype, source, () => 1);
  else if (denormal) new Uint16Array(source.buffer).fill(1);
  const small = kernels.pack(dtype, source, 32, columns);
  const at = kernels.allocate((rows / 8) * groupBytes);
  const pattern = kernels.bytes(small.at, 4 * groupBytes).slice();
  for (let group = 0; group < rows / 8; group += 4) kernels.bytes(at + group * groupBytes, pattern.length).set(pattern);
  const form = kernels.exports.form_of(small.layout);
  const x = kernels.put(Float32Array.from({ length: columns }, (_, i) => Math.sin(i)));
  const prepared = kernels.allocate(kernels.exports.prepared_bytes(form, 1, columns));
  kernels.exports.prepare_tokens(form, x, columns, columns, 1, 0, 1, prepared);
  const y = kernels.allocate(rows * 4);
  const { best } = await measure(() =>
    kernels.exports.linear_groups(small.layout, at, rows, columns, 0, rows / 8, prepared, 1, y, rows, 0, 0),
  );
  return ((rows / 8) * groupBytes) / best / 1e9;
}

const first = new LinearKernels('relaxed', 'i16');
const stream = streamKernel(first.memory);
const place = first.allocate(MEMORY_BYTES);
// Pages that nobody wrote are all the same zeros, and those lie in cache.
first.bytes(place, MEMORY_BYTES).fill(1);
const streamed = async (bytes: number): Promise<number> =>
  bytes / (await measure(() => stream(place, bytes))).best / 1e9;
report('stream', '', await streamed(CACHED_BYTES), await streamed(MEMORY_BYTES));

const exact =
  dotMode() === 'unsigned' ? 'relaxed-dot-unsigned' : dotMode() === 'signed' ? 'relaxed-dot-signed' : 'relaxed-pairs';
for (const [build, set] of [
  ['relaxed', exact],
  ['relaxed', 'i16'],
  ['simd', 'i16'],
] as const satisfies [keyof typeof setsOfBuild, KernelSet][]) {
  const kernels = new LinearKernels(build, set);
  for (const dtype of chosen.length > 0 ? chosen : all) {
    kernels.reset();
    const cached = await bandwidth(kernels, dtype, CACHED_BYTES);
    report(dtype, `${build} ${set}`, cached, await bandwidth(kernels, dtype, MEMORY_BYTES));
    if (!dtype.endsWith('f16') && !dtype.startsWith('q')) continue;
    // Arithmetic on denormals is slow on many processors: this must stay within 1.3 of the ordinary rate.
    const slowdown = cached / (await bandwidth(kernels, dtype, CACHED_BYTES, true));
    if (slowdown > 1.3)
      console.error(`${dtype} ${build} ${set}: ${slowdown.toFixed(2)} times slower on denormal scales`);
  }
}
console.error(table.map((line) => Object.values(line).slice(1).join('\t')).join('\n'));
