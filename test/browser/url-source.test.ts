import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { urlSource } from '../../src/browser/url-source.ts';

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 253);

let server: Server | undefined;
afterEach(() => server?.close());

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`;
}

const ranges: RequestListener = (request, response) => {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range!)!;
  const end = Math.min(Number(last) + 1, bytes.length);
  const headers = { 'content-range': `bytes ${first}-${end - 1}/${bytes.length}` };
  response.writeHead(206, headers).end(bytes.subarray(Number(first), end));
};

describe('a file behind a URL', () => {
  test('is read by ranges where the server has them', async () => {
    const downloads: unknown[] = [];
    const source = await urlSource(await serve(ranges), { onDownload: (progress) => downloads.push(progress) });
    expect(source.byteLength).toBe(5000);
    expect(await source.read(100, 300)).toEqual(bytes.slice(100, 300));
    expect(downloads).toEqual([]);
  });

  test('is downloaded once, with progress, where the server sends whole files only', async () => {
    let requests = 0;
    const url = await serve((_, response) => {
      requests++;
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    });
    const downloads: { loadedBytes: number; totalBytes: number }[] = [];
    const source = await urlSource(url, { onDownload: (progress) => downloads.push(progress) });
    expect(await source.read(4000, 5000)).toEqual(bytes.slice(4000));
    expect(requests).toBe(1);
    expect(downloads.at(-1)).toEqual({ loadedBytes: 5000, totalBytes: 5000 });
  });

  test('that is not there is told apart from one that cannot be reached', async () => {
    const url = await serve((_, response) => response.writeHead(404).end('nothing here'));
    await expect(urlSource(url)).rejects.toMatchObject({ code: 'file-not-found' });
    server!.close();
    server!.closeAllConnections();
    await expect(urlSource(url)).rejects.toMatchObject({ code: 'io-failed' });
  });

  test('whose download breaks off is refused', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 5000 }).write(bytes.subarray(0, 100));
      setTimeout(() => response.destroy(), 20);
    });
    await expect(urlSource(url)).rejects.toMatchObject({ code: 'io-failed' });
  });

  test('is given up when told to', async () => {
    const url = await serve(() => {}); // never answers
    const controller = new AbortController();
    const opening = urlSource(url, { signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: 'io-failed' });
    server!.closeAllConnections();
  });
});
