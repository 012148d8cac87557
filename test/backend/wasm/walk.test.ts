import { expect, test } from 'vitest';
import { compileModule } from '../../../src/backend/wasm/module.ts';
import { GATHER_ROWS } from '../../../src/backend/wasm/opcodes.ts';
import { newBank } from './support/bank.ts';

/** A list that every thread prepares for itself, and of whose four chunks each fills a cell. */
async function recorded() {
  const bank = await newBank(await compileModule('simd', true), 2);
  const { memory } = bank;
  const [own, cells, numbers, rows] = [0, 0, 0, 0].map(() => memory.allocate(64, 'test')) as [
    number,
    number,
    number,
    number,
  ];
  memory.f32.set([10, 11, 12, 13], numbers / 4);
  memory.i32.set([0, 1, 2, 3], rows / 4);
  const { commands } = bank.recorder;
  commands.record(GATHER_ROWS, 'every-thread', [numbers, 4, rows, own], 'then-go-on');
  commands.record(GATHER_ROWS, 4, [numbers, 4, rows, cells]);
  const list = commands.finish();
  const cellsAt = (pointer: number) => [...memory.f32.subarray(pointer / 4, pointer / 4 + 4)];
  return {
    bank,
    list,
    own: () => cellsAt(own),
    cells: () => cellsAt(cells),
    clear: () => memory.f32.fill(0, own / 4, own / 4 + 32),
  };
}

test('a thread does all work by itself where the other one does not come', async () => {
  const { bank, list, own, cells } = await recorded();
  bank.kernels.run(list, 1, 2);
  expect(cells()).toEqual([10, 11, 12, 13]);
  expect(own()).toEqual([0, 11, 0, 0]); // as thread 1, for itself
});

test('a thread that comes when all is done goes through and touches nothing', async () => {
  const { bank, list, own, cells, clear } = await recorded();
  bank.kernels.run(list, 0, 2);
  clear();
  bank.kernels.run(list, 1, 2);
  expect([...own(), ...cells()]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});

test('a list that is made ready again is done again', async () => {
  const { bank, list, cells, clear } = await recorded();
  bank.kernels.run(list, 0, 2);
  clear();
  bank.recorder.commands.rearm(list);
  bank.kernels.run(list, 0, 2);
  expect(cells()).toEqual([10, 11, 12, 13]);
});
