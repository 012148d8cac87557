import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tuningFile } from '../../../../src/backend/webgpu/autotune/tuning-file.node.ts';

const folder = mkdtempSync(join(tmpdir(), 'realizar-tuning-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, String(files++), 'deeper', 'gpu-tuning.json');

test('keeps what it is given, beside what was there, and makes its folder', async () => {
  const path = newPath();
  await tuningFile(path).put(new Map([['a', { rows: 2 }]]));
  await tuningFile(path).put(
    new Map<string, unknown>([
      ['a', { rows: 4 }],
      ['__proto__', { rows: 1 }],
    ]),
  );
  expect(await tuningFile(path).get('a')).toEqual({ rows: 4 });
  expect(await tuningFile(path).get('b')).toBeUndefined();
  expect(await tuningFile(path).get('toString')).toBeUndefined();
  expect(readdirSync(join(path, '..'))).toEqual(['gpu-tuning.json']); // no drafts are left
});

test('a damaged or foreign file is as if there were none, and is replaced', async () => {
  for (const text of ['', '{"a": {"rows"', '[1, 2]', 'null', '"a"', '\0\0\0', ' '.repeat(5 * 2 ** 20)]) {
    const path = newPath();
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    const store = tuningFile(path);
    expect(await store.get('a')).toBeUndefined();
    await store.put(new Map([['a', 1]]));
    expect(await store.get('a')).toBe(1);
  }
});

test('where nothing can be written nothing is kept, and nobody is told', async () => {
  const path = newPath();
  mkdirSync(join(path, '..', '..'), { recursive: true });
  writeFileSync(join(path, '..'), 'a file where the folder should be');
  const store = tuningFile(path);
  await store.put(new Map([['a', 1]]));
  expect(await store.get('a')).toBeUndefined();
  const taken = newPath();
  mkdirSync(taken, { recursive: true }); // a folder where the file should be
  chmodSync(taken, 0o700);
  await tuningFile(taken).put(new Map([['a', 1]]));
  expect(readdirSync(join(taken, '..'))).toEqual(['gpu-tuning.json']);
});

test('the oldest make room', async () => {
  const path = newPath();
  const store = tuningFile(path);
  await store.put(new Map(Array.from({ length: 2000 }, (_, i) => [`key ${i}`, i])));
  await store.put(new Map([['new', 1]]));
  expect(await store.get('key 0')).toBeUndefined();
  expect(await store.get('key 1')).toBe(1);
  expect(Object.keys(JSON.parse(readFileSync(path, 'utf8')) as object)).toHaveLength(2000);
});
