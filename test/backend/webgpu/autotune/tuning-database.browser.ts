import { expect, test } from 'vitest';
import { tuningDatabase } from '../../../../src/backend/webgpu/autotune/tuning-database.ts';

test('choices are kept in IndexedDB for the next page', async () => {
  const key = `test ${Math.random()}`;
  const choice = { rows: 2, workgroup: 128, shuffle: 1 };
  expect(await tuningDatabase()!.get(key)).toBeUndefined();
  await tuningDatabase()!.put(new Map([[key, choice]]));
  expect(await tuningDatabase()!.get(key)).toEqual(choice);
  await tuningDatabase()!.put(new Map([[key, { ...choice, rows: 4 }]]));
  expect(await tuningDatabase()!.get(key)).toEqual({ ...choice, rows: 4 });
});
