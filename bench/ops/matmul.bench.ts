// Several sequences at once and prompts multiply every weight with many tokens, so the number that matters is multiplications:
// GMAC/s of one core.
//
//   node bench/ops/matmul.bench.ts [dtype ...]      JSON lines on stdout, a table on stderr

import type { KernelSet, PackedDType } from '../../src/backend/wasm/layouts.ts';
import { dotMode, LinearKernels } from '../../test/backend/wasm/support/linear-kernels.ts';
import { measure } from './support/measure.ts';
import { randomWeight } from '../../test/backend/wasm/support/random-weight.ts';

const columns = 2048;
const rows = 256;
const tokenCounts = [1, 2, 3, 4, 6, 8, 16, 64];

const all: PackedDType[] = ['q4_0', 'q8_0', 'q4_1', 'q5_1', 'q4_k', 'q5_k', 'q6_k', 'q3_k', 'f16', 'bf16', 'f32'];
const chosen = process.argv.slice(2) as PackedDType[];
const table: (readonly unknown[])[] = [['set', 'dtype', ...tokenCounts]];

const mode = dotMode();
const exact: KernelSet = mode === 'pairs' ? 'relaxed-pairs' : `relaxed-dot-${mode}`;
const sets: readonly (readonly ['relaxed' | 'simd', KernelSet])[] = [['relaxed', exact], ['relaxed', 'i16'], ['simd', 'i16']]; // prettier-ignore
for (const [build, set] of sets) {
  const kernels = new LinearKernels(build, set);
  for (const dtype of chosen.length > 0 ? chosen : all) {
    kernels.reset();
    const weight = kernels.pack(dtype, randomWeight(dtype, rows, columns), rows, columns);
    const form = kernels.exports.form_of(weight.layout);
    const rates: number[] = [];
    for (const tokens of tokenCounts) {
      const x = kernels.put(Float32Array.from({ length: tokens * columns }, (_, i) => Math.sin(i)));
      const prepared = kernels.allocate(kernels.exports.prepared_bytes(form, tokens, columns));
      kernels.exports.prepare_tokens(form, x, columns, columns, tokens, 0, tokens, prepared);
      const y = kernels.allocate(tokens * rows * 4);
      const { best } = await measure(() =>
        kernels.exports.linear_groups(
          weight.layout,
          weight.at,
          rows,
          columns,
          0,
          rows / 8,
          prepared,
          tokens,
          y,
          rows,
          0,
          0,
        ),
      );
      rates.push(Math.round((rows * columns * tokens) / best / 1e8) / 10);
    }
    table.push([`${build} ${set}`, dtype, ...rates]);
    tokenCounts.forEach((tokens, i) => {
      console.log(
        JSON.stringify({
          bench: 'matmul',
          kernel: dtype,
          set: `${build} ${set}`,
          rows,
          columns,
          tokens,
          gmacs: rates[i],
        }),
      );
    });
  }
}
console.error(table.map((line) => line.join('\t')).join('\n'));
