import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { httpSource } from '../../src/checkpoint/byte-source.http.ts';
import { expectRefusal, refusalWith } from '../support/refusals.ts';

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 253);
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server | undefined;
afterEach(() => server?.close());

/** A server whose answers `handler` gives; the number of requests is counted. */
async function serve(handler: Handler): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`, requests };
}

const rangeOf = (request: IncomingMessage): [number, number] => {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!;
  return [Number(first), Number(last) + 1];
};

interface Answer {
  readonly etag?: string | undefined;
  readonly modified?: string;
  readonly status?: number;
  readonly range?: string;
  readonly body?: Uint8Array;
  readonly encoding?: string;
}

/** What a good server answers, except for what a test changes. */
function answer(request: IncomingMessage, response: ServerResponse, changes: Answer = {}): void {
  const [start, end] = rangeOf(request);
  const headers: Record<string, string> = {
    'content-range': changes.range ?? `bytes ${start}-${end - 1}/${bytes.length}`,
  };
  const etag = 'etag' in changes ? changes.etag : '"v1"';
  if (etag !== undefined) headers['etag'] = etag;
  if (changes.modified !== undefined) headers['last-modified'] = changes.modified;
  if (changes.encoding !== undefined) headers['content-encoding'] = changes.encoding;
  response.writeHead(changes.status ?? 206, headers).end(changes.body ?? bytes.subarray(start, end));
}

/** Good for the first request, which asks for one byte; then as the test wants it. */
const later =
  (handler: Handler, first: Answer = {}): Handler =>
  (request, response) =>
    request.headers.range === 'bytes=0-0' ? answer(request, response, first) : handler(request, response);

describe('a URL', () => {
  test('is read by ranges, also into shared memory', async () => {
    const { url, requests } = await serve((request, response) => answer(request, response));
    const source = await httpSource(url);
    expect(source).toMatchObject({ name: url, byteLength: 5000 });
    expect(await source.read(1000, 3000)).toEqual(bytes.slice(1000, 3000));
    const into = new Uint8Array(new SharedArrayBuffer(100));
    expect(await source.read(4900, 5000, into)).toBe(into);
    expect(Array.from(into)).toEqual(Array.from(bytes.slice(4900)));
    expect(requests.map(({ headers }) => headers.range)).toEqual(['bytes=0-0', 'bytes=1000-2999', 'bytes=4900-4999']);
    expect(requests[1]!.headers['if-range']).toBe('"v1"');
    await source.close();
  });

  test('is not asked for no bytes, nor for bytes that it does not have', async () => {
    const { url, requests } = await serve((request, response) => answer(request, response));
    const source = await httpSource(url);
    expect(await source.read(7, 7)).toHaveLength(0);
    await expectRefusal(() => source.read(0, 5001), 'out-of-bounds', url);
    expect(requests).toHaveLength(1);
  });

  test('may be an empty file', async () => {
    const { url } = await serve((_, response) => response.writeHead(416, { 'content-range': 'bytes */0' }).end());
    expect((await httpSource(url)).byteLength).toBe(0);
  });

  test('is fetched with the function that the caller gives', async () => {
    const { url, requests } = await serve((request, response) => answer(request, response));
    const withKey: typeof fetch = (input, init) =>
      fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), authorization: 'Bearer key' } });
    await (await httpSource(url, { fetch: withKey })).read(0, 10);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer key', 'Bearer key']);
  });
});

describe('a server that cannot serve ranges is refused:', () => {
  test('200 instead of 206', async () => {
    const { url } = await serve((_, response) => response.end(bytes));
    await expectRefusal(() => httpSource(url), 'io-failed', 'not ranges', 'download');
  });
  test.each([undefined, 'bytes 0-0/*', 'bytes 0-0/99999999999999999999', 'nonsense'])(
    'Content-Range: %s',
    async (range) => {
      const { url } = await serve((request, response) =>
        range === undefined ? response.writeHead(206).end('x') : answer(request, response, { range }),
      );
      await expectRefusal(() => httpSource(url), 'io-failed', 'how long');
    },
  );
  test('compressed ranges', async () => {
    const { url } = await serve((request, response) =>
      answer(request, response, { encoding: 'br', body: new Uint8Array() }),
    );
    await expectRefusal(() => httpSource(url), 'io-failed', 'br');
  });
});

describe('a file that is not there or not allowed', () => {
  test.each([404, 410])('gives status %i', async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end());
    await expectRefusal(() => httpSource(url), 'file-not-found', url);
  });
  test.each([401, 403, 500])('gives status %i', async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end());
    await expectRefusal(() => httpSource(url), 'io-failed', `status ${status}`);
  });
});

describe('a file that changes between two reads is noticed', () => {
  test.each<[string, Answer, Answer]>([
    ['by 200, the answer to If-Range', {}, { status: 200 }],
    ['by 416', {}, { status: 416 }],
    ['by its ETag', { etag: 'W/"v1"' }, { etag: 'W/"v2"' }],
    [
      'by its date',
      { etag: undefined, modified: 'Mon, 01 Jan 2024 00:00:00 GMT' },
      { etag: undefined, modified: 'Tue, 02 Jan 2024 00:00:00 GMT' },
    ],
    ['by its length', {}, { range: 'bytes 10-19/6000' }],
  ])('%s', async (_, first, second) => {
    const { url } = await serve(later((request, response) => answer(request, response, second), first));
    await expectRefusal(async () => (await httpSource(url)).read(10, 20), 'changed-while-reading', url);
  });

  test('with a weak ETag no If-Range is sent, with only a date the date', async () => {
    const weak = await serve((request, response) => answer(request, response, { etag: 'W/"v1"' }));
    await (await httpSource(weak.url)).read(0, 9);
    expect(weak.requests[1]!.headers['if-range']).toBeUndefined();
    server!.close();
    const modified = 'Mon, 01 Jan 2024 00:00:00 GMT';
    const dated = await serve((request, response) => answer(request, response, { etag: undefined, modified }));
    await (await httpSource(dated.url)).read(0, 9);
    expect(dated.requests[1]!.headers['if-range']).toBe(modified);
  });
});

describe('a faulty answer', () => {
  test('with another range than asked for is refused', async () => {
    const { url } = await serve(later((request, response) => answer(request, response, { range: 'bytes 0-9/5000' })));
    await expectRefusal(async () => (await httpSource(url)).read(10, 20), 'io-failed', 'bytes 0 to 10');
  });
  test('with more bytes than asked for is refused', async () => {
    const { url } = await serve(later((request, response) => answer(request, response, { body: bytes })));
    await expectRefusal(async () => (await httpSource(url)).read(10, 20), 'io-failed', 'more than');
  });
  test('with fewer bytes is asked for once more, then refused', async () => {
    const { url, requests } = await serve(
      later((request, response) => answer(request, response, { body: bytes.subarray(0, 5) })),
    );
    await expectRefusal(async () => (await httpSource(url)).read(10, 20), 'truncated', '5 of 10');
    expect(requests).toHaveLength(3);
  });
  test('that breaks off once is asked for again, and the read succeeds', async () => {
    let broken = 0;
    const { url } = await serve(
      later((request, response) => (broken++ === 0 ? response.destroy() : answer(request, response))),
    );
    expect(await (await httpSource(url)).read(10, 20)).toEqual(bytes.slice(10, 20));
    expect(broken).toBe(2);
  });
  test('that always breaks off is refused with the reason', async () => {
    const { url, requests } = await serve(later((_, response) => response.destroy()));
    const source = await httpSource(url);
    const error = await refusalWith(() => source.read(10, 20), 'io-failed', url);
    expect(error.message).not.toContain('fetch failed');
    expect(requests).toHaveLength(3);
  });
  test('that never comes, because nobody listens, is refused', async () => {
    const { url } = await serve(() => {});
    await new Promise((closed) => server!.close(closed));
    await expectRefusal(() => httpSource(url), 'io-failed', url);
  });
  test('of a fetch that throws no Error is refused', () =>
    expectRefusal(
      () => httpSource('http://x/', { fetch: () => Promise.reject('no network') }),
      'io-failed',
      'no network',
    ));
});
