import { describe, expect, test } from 'vitest';
import { COMMAND_WORDS } from '../../../src/backend/wasm/opcodes.ts';
import { compileModule } from '../../../src/backend/wasm/module.ts';
import { GATHER_ROWS } from '../../../src/backend/wasm/opcodes.ts';
import { newBank } from './support/bank.ts';
import { spawnThreads, Threads } from '../../../src/backend/wasm/threads.ts';

const UNKNOWN_OPCODE = 999;

async function start(threads: number) {
  const module = await compileModule('simd', true);
  const bank = await newBank(module, threads);
  const pool = await Threads.start(bank, { workers: spawnThreads(threads), module, kernelSet: 0 });
  return { bank, memory: bank.memory, pool, list: bank.recorder.commands };
}

/** Copies the number at `from` to `to`. */
const copy = (from: number, to: number, rows: number) => [from, 4, rows, to];

describe('threads', () => {
  test.each([1, 3])('%i of them walk a list in order: a command sees what the one before it wrote', async (threads) => {
    const { bank, memory, pool, list } = await start(threads);
    const steps = 2000; // more than one segment of the list holds
    const cells = memory.allocate(4 * (steps + 1), 'test');
    const rows = memory.allocate(4, 'test');
    memory.f32[cells / 4] = 42;
    for (let i = 0; i < steps; i++) list.record(GATHER_ROWS, 1, copy(cells + 4 * i, cells + 4 * (i + 1), rows));
    await pool.run(bank, list.finish());
    expect(memory.f32[cells / 4 + steps]).toBe(42);
    await pool.dispose();
  });

  test('take every chunk once, run after run', async () => {
    const { bank, memory, pool, list } = await start(4);
    const count = 1000;
    const [from, to, rows] = [0, 0, 0].map(() => memory.allocate(4 * count, 'test')) as [number, number, number];
    for (let i = 0; i < count; i++) memory.i32[rows / 4 + i] = count - 1 - i;
    for (let round = 1; round <= 20; round++) {
      memory.f32.fill(round, from / 4, from / 4 + count);
      list.record(GATHER_ROWS, count, copy(from, to, rows));
      await pool.run(bank, list.finish());
      expect(memory.f32.subarray(to / 4, to / 4 + count).every((value) => value === round)).toBe(true);
    }
    await pool.dispose();
  });

  test('a kernel that fails ends the run with a typed error, and all later ones', async () => {
    const { bank, pool, list } = await start(2);
    list.record(UNKNOWN_OPCODE, 1, []);
    const broken = list.finish();
    await expect(pool.run(bank, broken)).rejects.toMatchObject({
      code: 'closed',
      message: expect.stringContaining('died'),
    });
    await expect(pool.run(bank, broken)).rejects.toMatchObject({ code: 'closed' });
    await pool.dispose();
  });

  test('closing during a run ends it with a typed error', async () => {
    const { bank, memory, pool, list } = await start(2);
    const rows = memory.allocate(4, 'test');
    list.record(GATHER_ROWS, 2 ** 30, copy(rows, rows, memory.allocate(COMMAND_WORDS, 'test')));
    const run = pool.run(bank, list.finish());
    const ended = expect(run).rejects.toMatchObject({ code: 'closed' });
    await pool.dispose();
    await ended;
  });
});
