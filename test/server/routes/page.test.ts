import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { staticFiles } from '../../../src/server/static-files.node.ts';
import { fakeApp } from '../support/requests.ts';

describe('the page at /', () => {
  const root = mkdtempSync(join(tmpdir(), 'realizar-page-'));
  afterAll(() => rmSync(root, { recursive: true }));
  for (const folder of ['page', 'browser']) mkdirSync(join(root, folder));
  writeFileSync(join(root, 'page/index.html'), '<!doctype html>hello');
  writeFileSync(join(root, 'page/page.css'), 'body {}');
  writeFileSync(join(root, 'page/.env'), 'secret');
  writeFileSync(join(root, 'page/notes.txt'), 'secret');
  writeFileSync(join(root, 'browser/worker.js'), 'work()');
  writeFileSync(join(root, 'hidden.js'), 'secret');
  const { app } = fakeApp({}, { pageFiles: staticFiles(root, ['page', 'browser']) });

  test('is sent with its files, each as what it is', async () => {
    const files = { '/': 'text/html', '/page/page.css': 'text/css', '/browser/worker.js': 'text/javascript' };
    for (const [path, type] of Object.entries(files)) {
      const response = await app.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    }
    expect(await (await app.request('/')).text()).toBe('<!doctype html>hello');
  });

  test('may use shared memory, and no scripts but its own', async () => {
    const { headers } = await app.request('/');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
  });

  test('only its worker may compile WebAssembly', async () => {
    const policy = (path: string) => app.request(path).then(({ headers }) => headers.get('content-security-policy'));
    expect(await policy('/browser/worker.js')).toContain("'wasm-unsafe-eval'");
    expect(await policy('/page/page.css')).not.toContain('unsafe');
  });

  test.each(['/page/.env', '/page/notes.txt', '/page/..%2fhidden.js', '/browser/nope.js'])(
    '%s is not one of its files',
    async (path) => {
      const response = await app.request(path);
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain('secret');
    },
  );

  test('that was not built says how to build it', async () => {
    const response = await fakeApp({}, { pageFiles: staticFiles(join(root, 'nowhere'), ['page']) }).app.request('/');
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('npm run build')]);
  });
});
