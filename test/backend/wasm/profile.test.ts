import { expect, test } from 'vitest';
import { createWasmBackend } from '../../../src/backend/wasm/wasm-backend.ts';
import { Random, randomNorm, randomWeight } from '../support/random.ts';
import { rowsFrom } from '../support/run.ts';

/** A feed-forward layer of 64 and 96 numbers over three tokens; its result. */
async function feedForward(
  backend: Awaited<ReturnType<typeof createWasmBackend>>,
): Promise<() => Promise<Float32Array>> {
  const random = new Random('profile');
  const states = await backend.upload(randomWeight(random, 'f32', [3, 64]).source);
  const norm = await backend.upload(randomNorm(random, 64).source);
  const [gate, up] = [
    { weight: await backend.upload(randomWeight(random, 'f32', [96, 64]).source) },
    { weight: await backend.upload(randomWeight(random, 'f32', [96, 64]).source) },
  ];
  return () =>
    backend.scope(() =>
      backend.read(backend.gatedLinear(rowsFrom(backend, states, [0, 1, 2]), { norm, gate, up }, 1e-5)),
    );
}

test('a profile begins with its first call, names each op with its shape, and begins anew with each call', async () => {
  const backend = await createWasmBackend({ threads: 2 });
  const run = await feedForward(backend);
  const plain = await run();
  expect(await backend.profile!()).toEqual([]);
  expect(await run(), 'measuring changes no result').toEqual(plain);
  await run();

  const times = await backend.profile!();
  const calls = Object.fromEntries(times.map((time) => [time.op, time.calls]));
  expect(calls).toMatchObject({ 'gated linear 96×64': 2, prepare: 2, 'wake and report': 2, 'between runs': 1 });
  expect(times.every(({ milliseconds, waitingMilliseconds }) => milliseconds >= 0 && waitingMilliseconds >= 0)).toBe(
    true,
  );
  expect(times.map(({ milliseconds }) => milliseconds)).toEqual(
    times.map((t) => t.milliseconds).toSorted((a, b) => b - a),
  );
  expect(await backend.profile!()).toEqual([]);
  await backend.dispose();
});

test('where the calling thread computes, whole runs are told from what lies between them', async () => {
  const backend = await createWasmBackend({ inline: true });
  const run = await feedForward(backend);
  await backend.profile!();
  await run();
  await run();
  const times = await backend.profile!();
  expect(times.map(({ op }) => op).toSorted()).toEqual(['between runs', 'run']);
  await backend.dispose();
});
