import { afterEach, expect, test, vi } from 'vitest';
import { nextMacrotask } from '../../src/engine/next-macrotask.ts';

afterEach(() => vi.unstubAllGlobals());

test.each(['with', 'without'])('timers run between two macrotasks, %s setImmediate', async (kind) => {
  if (kind === 'without') vi.stubGlobal('setImmediate', undefined);
  const timer = vi.fn();
  setTimeout(timer, 0);
  for (let turn = 0; timer.mock.calls.length === 0 && turn < 1e6; turn++) await nextMacrotask();
  expect(timer).toHaveBeenCalled();
});
