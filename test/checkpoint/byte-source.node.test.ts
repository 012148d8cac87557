import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fileSource as lazyFileSource } from '../../src/checkpoint/file-source.ts';
import { fileSource, onDisk } from '../../src/checkpoint/byte-source.node.ts';
import { expectRefusal } from '../support/refusals.ts';

const folder = mkdtempSync(join(tmpdir(), 'realizar-'));
afterAll(() => rmSync(folder, { recursive: true }));
const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);

function file(name: string, content: Uint8Array = bytes): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('a file', () => {
  test.each([fileSource, lazyFileSource])('gives any range, also into shared memory', async (open) => {
    const source = await open(file('plain'));
    expect(source.byteLength).toBe(1000);
    expect(await source.read(200, 300)).toEqual(bytes.slice(200, 300));
    const into = new Uint8Array(new SharedArrayBuffer(64), 3, 50);
    expect(await source.read(950, 1000, into)).toBe(into);
    expect(Array.from(into)).toEqual(Array.from(bytes.slice(950)));
    await expectRefusal(() => source.read(0, 1001), 'out-of-bounds', 'plain');
    await source.close();
  });

  test('may be empty', async () => {
    const source = await fileSource(file('empty', new Uint8Array()));
    expect(await source.read(0, 0)).toHaveLength(0);
    await source.close();
  });

  test('larger than 4 GiB is read at its end', async () => {
    const path = file('large', new Uint8Array());
    truncateSync(path, 5 * 2 ** 30); // sparse: takes no space
    const source = await fileSource(path);
    expect(source.byteLength).toBe(5 * 2 ** 30);
    expect(await source.read(5 * 2 ** 30 - 4, 5 * 2 ** 30)).toEqual(new Uint8Array(4));
    await source.close();
    rmSync(path);
  });
});

describe('G15: a file that changes while it is open', () => {
  test.each([
    ['shrinks', (path: string) => truncateSync(path, 500)],
    ['grows', (path: string) => appendFileSync(path, 'x')],
    ['is written to', (path: string) => utimesSync(path, 1, 1)],
  ])('%s', async (what, change) => {
    const path = file(what);
    const source = await fileSource(path);
    await source.read(0, 1000);
    change(path);
    await expectRefusal(() => source.read(0, 1000), 'changed-while-reading', path);
    await source.close();
  });

  test('is replaced by another: the old one is still read', async () => {
    const path = file('replaced');
    const source = await fileSource(path);
    rmSync(path);
    file('replaced', new Uint8Array(10));
    expect(await source.read(0, 1000)).toEqual(bytes);
    await source.close();
  });
});

describe('G20: what is no readable regular file is refused at once', () => {
  test('a name that does not exist', () =>
    expectRefusal(() => fileSource(join(folder, 'nothing')), 'file-not-found', 'nothing'));
  test('a name below a file', () =>
    expectRefusal(() => fileSource(join(file('plain'), 'below')), 'file-not-found', 'below'));
  test('a dangling symbolic link', async () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    await expectRefusal(() => fileSource(join(folder, 'dangling')), 'file-not-found', 'dangling');
  });
  test('a folder', async () => {
    mkdirSync(join(folder, 'folder'));
    await expectRefusal(() => fileSource(join(folder, 'folder')), 'not-a-regular-file', 'folder');
  });
  test.skipIf(process.platform === 'win32').each(['/dev/zero', '/dev/random'])('%s', (path) =>
    expectRefusal(() => fileSource(path), 'not-a-regular-file', path),
  );
  test.skipIf(process.platform === 'win32')('a fifo that nobody writes to', async () => {
    const path = join(folder, 'fifo');
    execFileSync('mkfifo', [path]);
    await expectRefusal(() => fileSource(path), 'not-a-regular-file', 'fifo');
  });
  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('a file without permission', async () => {
    const path = file('secret');
    chmodSync(path, 0);
    await expectRefusal(() => fileSource(path), 'io-failed', 'permission');
  });
});

test("the system's errors become ours", async () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error(`${code}: it broke`), { code }));
  await expectRefusal(() => onDisk('disk', failing('EACCES')), 'io-failed', 'permission denied');
  await expectRefusal(() => onDisk('disk', failing('EIO')), 'io-failed', 'EIO: it broke');
});
