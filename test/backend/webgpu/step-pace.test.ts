import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { StepPace } from '../../../src/backend/webgpu/step-pace.ts';

const ONE_ROW = 1;

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A device that computes a step in `ms`, one after another, and when it was asked for each. */
function device() {
  const pace = new StepPace();
  const askedAt: number[] = [];
  let free = 0;
  const step = (ms: number, rows = ONE_ROW): Promise<void> => {
    const doneAt = (free = Math.max(free, performance.now()) + ms);
    return pace.read(rows, async () => {
      askedAt.push(performance.now());
      const left = doneAt - performance.now();
      if (left > 0) await new Promise((done) => setTimeout(done, left));
    });
  };
  free = performance.now();
  return { pace, askedAt, step };
}

/** Milliseconds until a promise is kept. */
async function duration(promise: Promise<unknown>): Promise<number> {
  const start = performance.now();
  const clock: { end?: number } = {};
  void promise.then(() => (clock.end = performance.now()));
  while (clock.end === undefined) await vi.advanceTimersByTimeAsync(1);
  return clock.end - start;
}

test('a step is asked for when three quarters of the time are over that one of as many rows took', async () => {
  const { askedAt, step } = device();
  const start = performance.now();
  await duration(step(40));
  expect(await duration(step(40))).toBeCloseTo(40, 0);
  await duration(step(40, 8));
  expect(askedAt.map((at) => Math.round(at - start))).toEqual([0, 40 + 30, 80]);
});

test('short steps and reads of other tensors are asked for at once', async () => {
  const { askedAt, step } = device();
  const start = performance.now();
  for (let i = 0; i < 3; i++) await duration(step(5));
  for (let i = 0; i < 3; i++) await duration(step(40, 0));
  expect(askedAt.map((at) => Math.round(at - start))).toEqual([0, 5, 10, 15, 55, 95]);
});

test('steps in flight are asked for one after another, and take no longer for it', async () => {
  const { askedAt, step } = device();
  await duration(step(40));
  const start = performance.now();
  expect(await duration(Promise.all([step(40), step(40), step(40)]))).toBeCloseTo(120, 0);
  expect(askedAt.slice(1).map((at) => Math.round(at - start))).toEqual([30, 70, 110]);
});

test('steps that become faster are soon read as they are done', async () => {
  const { step } = device();
  await duration(step(200));
  const delays: number[] = [];
  for (let i = 0; i < 12; i++) delays.push((await duration(step(10))) - 10);
  expect(delays[0]).toBeCloseTo(140, 0);
  expect(delays.at(-1)).toBeLessThan(1);
});

test('a read that fails tells its reader only, and the next one is asked for', async () => {
  const { pace } = device();
  const failing = pace.read(ONE_ROW, () => Promise.reject(new Error('lost')));
  const next = pace.read(ONE_ROW, async () => 'read');
  await expect(failing).rejects.toThrow('lost');
  expect(await next).toBe('read');
});
