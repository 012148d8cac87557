import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder } from '../../../src/backend/webgpu/cache-folder.node.ts';

test('is where XDG_CACHE_HOME says, on every system, if it is an absolute path', () => {
  for (const platform of ['linux', 'darwin', 'win32']) {
    expect(cacheFolder({ XDG_CACHE_HOME: '/somewhere' }, platform)).toBe(join('/somewhere', 'realizar'));
  }
  expect(cacheFolder({ XDG_CACHE_HOME: 'here' }, 'linux')).toBe(join(homedir(), '.cache', 'realizar'));
});

test('is elsewhere the system’s own', () => {
  expect(cacheFolder({}, 'linux')).toBe(join(homedir(), '.cache', 'realizar'));
  expect(cacheFolder({}, 'darwin')).toBe(join(homedir(), 'Library', 'Caches', 'realizar'));
  expect(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32')).toBe(join('/local', 'realizar', 'cache'));
  expect(cacheFolder({}, 'win32')).toContain(join('AppData', 'Local', 'realizar'));
});
