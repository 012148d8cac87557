import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createApp } from '../../../../src/server/app.ts';
import { ServedModels } from '../../../../src/server/served-models.ts';
import { FakeEngine } from '../../support/fake-engine.ts';

describe('GET /models/{id}/file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'realizar-model-file-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'model.gguf');
  writeFileSync(path, 'GGUF and ten more');
  writeFileSync(join(folder, 'empty.gguf'), '');
  const models = new ServedModels(
    [
      { id: 'org/model', path },
      { id: 'empty', path: join(folder, 'empty.gguf') },
      { id: 'gone', path: join(folder, 'gone.gguf') },
      { id: 'folder', path: folder, format: 'safetensors' },
    ],
    () => Promise.resolve(new FakeEngine()),
  );
  const app = createApp(models);
  const get = (id: string, headers: Record<string, string> = {}, method = 'GET') =>
    app.request(`/models/${id}/file`, { headers, method });

  test('sends the file, also for an id with a slash, encoded or not', async () => {
    for (const id of ['org/model', 'org%2Fmodel']) {
      const response = await get(id);
      expect([response.status, await response.text()]).toEqual([200, 'GGUF and ten more']);
      expect(response.headers.get('accept-ranges')).toBe('bytes');
    }
  });

  test('sends the bytes asked for', async () => {
    const response = await get('org/model', { range: 'bytes=5-7' });
    expect([response.status, await response.text()]).toEqual([206, 'and']);
    expect(response.headers.get('content-range')).toBe('bytes 5-7/17');
    expect(response.headers.get('content-length')).toBe('3');
  });

  test('says how long the file is when asked for bytes beyond it', async () => {
    const response = await get('org/model', { range: 'bytes=17-' });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */17']);
    expect((await get('empty', { range: 'bytes=0-0' })).headers.get('content-range')).toBe('bytes */0');
  });

  test('sends all of another file than the one that was begun', async () => {
    const etag = (await get('org/model', {}, 'HEAD')).headers.get('etag')!;
    expect((await get('org/model', { range: 'bytes=0-0', 'if-range': etag })).status).toBe(206);
    writeFileSync(path, 'another model of another length');
    expect((await get('org/model', { range: 'bytes=0-0', 'if-range': etag })).status).toBe(200);
  });

  test('HEAD opens no file', async () => {
    const response = await get('org/model', {}, 'HEAD');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test.each(['folder', 'gone'])('%s is refused with a way out, without its path', async (id) => {
    const response = await get(id);
    const { error } = (await response.json()) as { error: string };
    expect([response.status, error]).toEqual([
      404,
      `model "${id}" is no GGUF file, which is what a page can load; ask this server instead`,
    ]);
  });

  test('only models that are served have one', async () => {
    for (const id of ['nope', '..%2f..%2fetc', '%2fetc%2fpasswd']) expect((await get(id)).status).toBe(404);
  });

  test('pages of other origins get nothing', async () => {
    expect((await get('org/model', { origin: 'https://evil.example' })).status).toBe(403);
  });
});
