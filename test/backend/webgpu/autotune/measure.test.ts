import { expect, test } from 'vitest';
import { Budget, usualLimits } from '../../../../src/backend/webgpu/autotune/budget.ts';
import { tileCuts, vectorCuts } from '../../../../src/backend/webgpu/autotune/cuts.ts';
import { measure } from '../../../../src/backend/webgpu/autotune/measure.ts';
import type { Tuning } from '../../../../src/backend/webgpu/kernels/tuning.ts';
import { fakeBench, type FakeBench, someGpu, someKind, someTuning } from './support/fake-bench.ts';

const kind = someKind();
const vectors = vectorCuts(someTuning, someGpu, kind);
const tiles = tileCuts(someTuning, kind);

async function measured(bench: FakeBench, space = vectors, limits = usualLimits) {
  const warnings: string[] = [];
  const budget = new Budget(limits, () => 0);
  const result = await measure(bench, kind, space, someTuning, budget, (message) => warnings.push(message));
  expect(bench.open()).toBe(0);
  return { result, warnings };
}

/** A GPU that likes these numbers best. */
const likes = (wanted: number, workgroup: number) => (tuning: Tuning, rows: number) =>
  0.1 + 0.1 * Math.abs(Math.log2(rows / wanted)) + 0.1 * Math.abs(Math.log2(tuning.workgroup / workgroup));

test('finds the best of each size, one after another', async () => {
  for (const [rows, workgroup] of [
    [1, 64],
    [2, 256],
    [4, 128],
  ] as const) {
    const { result, warnings } = await measured(fakeBench(likes(rows, workgroup)));
    expect(result).toEqual({ cut: { rows, workgroup, shuffle: vectors.usual['shuffle'] }, isWhole: true });
    expect(warnings).toEqual([]);
  }
  const { result } = await measured(
    fakeBench(({ micro: [rows, tokens] }) => 1 / rows + 1 / tokens),
    tiles,
  );
  expect(result?.cut).toEqual({ rows: 8, tokens: 4 });
});

test('compiles each cut once', async () => {
  const bench = fakeBench(likes(1, 256));
  await measured(bench);
  expect(new Set(bench.started.map((tuning) => JSON.stringify(tuning))).size).toBe(bench.started.length);
  expect(bench.started.length).toBeLessThanOrEqual(7);
});

test('leaves out what computes other bits, names it once, and takes the next best', async () => {
  const bits = ({ maxRows, wantedWorkgroups }: Tuning) =>
    maxRows === 1 && wantedWorkgroups === 1 ? Uint32Array.of(1, 3) : Uint32Array.of(1, 2);
  const { result, warnings } = await measured(fakeBench((_, rows) => rows, bits));
  expect(result?.cut['rows']).toBe(2);
  expect(warnings).toEqual([
    'matvec, 128 invocations of 1 row, shuffled, gives other results for add 2048×8192 q4_0 and is left out',
  ]);
});

test('leaves out what does not compile, and names it', async () => {
  const bits = ({ workgroup }: Tuning) => (workgroup === 256 ? undefined : Uint32Array.of(1, 2));
  const { result, warnings } = await measured(fakeBench(({ workgroup }) => 1 / workgroup, bits));
  expect(result?.cut['workgroup']).toBe(128);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/256 invocations .* does not run/);
});

test('measures nothing where the usual kernel does not run', async () => {
  const { result } = await measured(
    fakeBench(
      () => 1,
      () => undefined,
    ),
  );
  expect(result).toBeUndefined();
});

test('ends when its budget is spent, with the best that it knows, and says that it is not the whole', async () => {
  const slow = await measured(
    fakeBench((_, rows) => 40 * rows),
    vectors,
    { ...usualLimits, deviceMs: 150 },
  );
  expect(slow.result).toMatchObject({ isWhole: false });
  const few = fakeBench(() => 1);
  expect((await measured(few, vectors, { ...usualLimits, trials: 2 })).result).toMatchObject({ isWhole: false });
  expect(few.started).toHaveLength(2);
});

test('a budget counts the time that passes while kernels are compiled', () => {
  let now = 0;
  const budget = new Budget({ ...usualLimits, totalMs: 100 }, () => now);
  now = 1000;
  expect(budget.isSpent).toBe(false); // it begins with the first trial
  budget.spendTrial();
  expect(budget.isSpent).toBe(false);
  now += 100;
  expect(budget.isSpent).toBe(true);
});
