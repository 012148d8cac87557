import { expect, test } from 'vitest';
import { autotune, type AutotuneOptions } from '../../../../src/backend/webgpu/autotune/autotune.ts';
import { Budget, usualLimits } from '../../../../src/backend/webgpu/autotune/budget.ts';
import type { TuningStore } from '../../../../src/backend/webgpu/autotune/tuning-store.ts';
import { RealizarError } from '../../../../src/errors.ts';
import { fakeBench, someGpu, someKind, someTuning } from './support/fake-bench.ts';

const kinds = [someKind(2048, 2048), someKind(2048, 32000, 'store')];
const likesOneRow = () => fakeBench((_, rows) => 0.1 * rows);

function memory(): TuningStore & { readonly kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>();
  return {
    kept,
    get: async (key) => kept.get(key),
    put: async (entries) => entries.forEach((value, key) => kept.set(key, value)),
  };
}

async function tuned(changes: Partial<AutotuneOptions> = {}) {
  const bench = likesOneRow();
  const warnings: string[] = [];
  const result = await autotune(kinds, {
    mode: 'on',
    facts: someGpu,
    tuning: someTuning,
    bench,
    store: undefined,
    wrongKernel: async () => undefined,
    warn: (message) => warnings.push(message),
    budget: new Budget({ ...usualLimits, deviceMs: Infinity }, () => 0),
    ...changes,
  });
  const origins = result.kernels.map(({ origin }) => origin);
  return { ...result, origins, trials: bench.started.length, warnings };
}

test('measures each kernel of each kind, and changes only what it measured', async () => {
  const { tunings, kernels, trials } = await tuned();
  expect(trials).toBeGreaterThan(0);
  expect(kernels).toEqual([
    { product: 'add 2048×2048 q4_0', kernel: 'matvec, 128 invocations of 1 row, shuffled', origin: 'measured' },
    { product: 'add 2048×2048 q4_0', kernel: 'matmul, tiles of 64×64', origin: 'measured' },
    { product: 'store 2048×32000 q4_0', kernel: 'matvec, 128 invocations of 1 row, shuffled', origin: 'measured' },
  ]);
  expect(tunings.get('add 2048×2048 q4_0')).toBeUndefined(); // the table has the same
  expect(tunings.get('store 2048×32000 q4_0')).toEqual({ ...someTuning, maxRows: 1, wantedWorkgroups: 1 });
});

test('what was measured once is taken from where it was kept, and not measured again', async () => {
  const store = memory();
  const first = await tuned({ store });
  const second = await tuned({ store });
  expect(second.origins).toEqual(['cache', 'cache', 'cache']);
  expect(second.trials).toBe(0);
  expect(second.tunings).toEqual(first.tunings);
});

test('measures again when asked to, on another device or driver, and for other shapes', async () => {
  const store = memory();
  await tuned({ store });
  const others: readonly Partial<AutotuneOptions>[] = [
    { mode: 'again' },
    { facts: { ...someGpu, description: 'nvidia hopper H100 driver 2' } },
    { facts: { ...someGpu, features: new Set([...someGpu.features, 'shader-f16']) } },
    { tuning: { ...someTuning, int8: false } },
  ];
  for (const other of others) {
    const { origins } = await tuned({ store, ...other });
    expect(origins).toEqual(['measured', 'measured', 'measured']);
  }
});

test('measures nothing when it is off, nor on a program that plays a GPU, unless told to', async () => {
  const software = { ...someGpu, isFallback: true };
  for (const changes of [{ mode: 'off' }, { facts: software }] as const) {
    const { origins, tunings, trials } = await tuned({ ...changes, store: memory() });
    expect([new Set(origins), tunings.size, trials]).toEqual([new Set(['table']), 0, 0]);
  }
  expect((await tuned({ mode: 'again', facts: software })).origins).toContain('measured');
});

test('what is no cut of a kernel is as if nothing had been kept', async () => {
  const broken = [
    null,
    7,
    'fast',
    {},
    [],
    { rows: 3, workgroup: 128, shuffle: 1 },
    { rows: 2, workgroup: 1e9, shuffle: 0 },
  ];
  for (const value of [...broken, { rows: 2, workgroup: 128, shuffle: 1, more: 1 }]) {
    const store: TuningStore = { get: async () => value, put: async () => {} };
    const { origins } = await tuned({ store });
    expect(new Set(origins), JSON.stringify(value)).toEqual(new Set(['measured']));
  }
});

test('does not keep what it had no time for, and does it the next time', async () => {
  const store = memory();
  const limits = { ...usualLimits, deviceMs: Infinity, trials: 8 };
  expect((await tuned({ store, budget: new Budget(limits, () => 0) })).origins).toEqual([
    'measured',
    'measured',
    'table',
  ]);
  expect(store.kept.size).toBe(1);
  expect((await tuned({ store })).origins).toEqual(['cache', 'measured', 'measured']);
});

test('what the check finds wrong is replaced by the usual kernels, with a warning, and is not kept', async () => {
  const store = memory();
  const wrongKernel = async () => 'matvec for one row';
  const { origins, tunings, warnings } = await tuned({ store, wrongKernel });
  expect(tunings.size).toBe(0);
  expect(origins).toEqual(['measured', 'measured', 'table']);
  expect(warnings).toEqual([
    'matvec for one row gives wrong results for store 2048×32000 q4_0 (matvec, 128 invocations of 1 row, shuffled): the usual kernels take its place',
  ]);
  expect([...store.kept.keys()].filter((key) => key.includes('32000'))).toEqual([]);
});

test('what cannot be timed stays as usual, with a warning', async () => {
  const broken = { ...likesOneRow(), start: () => Promise.reject(new Error('no clock')) };
  const { origins, warnings } = await tuned({ bench: broken });
  expect(new Set(origins)).toEqual(new Set(['table']));
  expect(warnings[0]).toBe('matvec for add 2048×2048 q4_0 cannot be timed and stays as usual: no clock');
});

test('a device that is lost meanwhile is told', async () => {
  const bench = likesOneRow();
  const lost = { ...bench, start: () => Promise.reject(new RealizarError('device-lost', 'the GPU was lost')) };
  await expect(tuned({ bench: lost })).rejects.toThrow(expect.objectContaining({ code: 'device-lost' }));
});
