import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import { MAX_BODY_BYTES } from '../../src/server/request-body.ts';
import { fakeApp, get, post, rawPost, replyOf } from './support/requests.ts';

const postRoutes = [
  '/tokenize',
  '/generate',
  '/batch/tokenize',
  '/batch/generate',
  '/stream/generate',
  '/v1/chat/completions',
];
const getRoutes = ['/health', '/models', '/metrics', '/v1/models'];

/** Every error is JSON: a text on the native routes, OpenAI's envelope on its own. */
function expectError(path: string, { body }: { body: { error?: unknown } }): void {
  if (path.startsWith('/v1/'))
    expect(body.error).toMatchObject({
      message: expect.any(String),
      type: expect.any(String),
      code: expect.any(String),
    });
  else expect(body).toEqual({ error: expect.any(String) });
}

describe.each(postRoutes)('POST %s with a malformed request', (path) => {
  const { app } = fakeApp();

  test.each([
    ['without a content type', { body: '{}', headers: {} }, 415],
    ['as text/plain', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415],
    ['compressed', { body: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }, 415],
    ['with broken JSON', { body: '{' }, 400],
    ['empty', { body: '' }, 400],
    ['that is not UTF-8', { body: new Uint8Array([0x22, 0xff, 0x22]) }, 400],
    ['nested beyond the parser', { body: `${'['.repeat(200_000)}1234567890123456` }, 400],
  ] as const)('%s is refused', async (_, init, status) => {
    const reply = await replyOf(
      await app.request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        ...init,
      }),
    );
    expect(reply.status).toBe(status);
    expectError(path, reply);
  });

  test.each(['[]', 'null', '"x"', '1', '{}'])('body %s does not fit the schema', async (body) => {
    const reply = await replyOf(await rawPost(app, path, body));
    expect(reply.status).toBe(path.startsWith('/v1/') ? 400 : 422);
    expectError(path, reply);
  });

  test('over 2 MiB is 413, announced or not', async () => {
    const body = `"${'a'.repeat(MAX_BODY_BYTES)}"`;
    const announced = await replyOf(await rawPost(app, path, body, { 'content-length': String(body.length) }));
    expect(announced.status).toBe(413);
    const chunks = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)),
    });
    const streamed = await replyOf(
      await app.request(path, {
        method: 'POST',
        body: chunks,
        headers: { 'content-type': 'application/json' },
        duplex: 'half',
      } as RequestInit),
    );
    expect(streamed.status).toBe(413);
    expectError(path, streamed);
  });

  test('under another method is 405 and says which are allowed', async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH']) {
      const response = await app.request(path, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
      if (method !== 'HEAD') expectError(path, { body: (await response.json()) as object });
    }
  });

  test('OPTIONS says which methods are allowed', async () => {
    const response = await app.request(path, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
  });
});

describe('requests that are right in an unusual way', () => {
  const { app } = fakeApp();

  test.each(['application/json; charset=utf-8', 'application/vnd.api+json', 'APPLICATION/JSON'])(
    'content type %s is JSON',
    async (type) => {
      expect((await rawPost(app, '/tokenize', '{"text":"a"}', { 'content-type': type })).status).toBe(200);
    },
  );

  test('a byte order mark is skipped', async () => {
    expect((await rawPost(app, '/tokenize', '\uFEFF{"text":"a"}')).status).toBe(200);
  });

  test('unknown fields are ignored', async () => {
    expect((await post(app, '/tokenize', { text: 'a', unknown: { deep: [1] } })).status).toBe(200);
  });

  test('HEAD is GET without a body', async () => {
    for (const path of getRoutes) {
      const response = await app.request(path, { method: 'HEAD' });
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
  });
});

describe('paths', () => {
  const { app } = fakeApp();

  test.each([
    '/nope',
    '/page/',
    '/page/nope.js',
    '/browser/..%2fcli.js',
    '/health/',
    '//health',
    '/v1//models',
    '/generate/x',
    '/health%00',
    '/%5chealth',
    '/v1/nope',
  ])('%s is 404 in JSON', async (path) => {
    const reply = await get(app, `http://localhost${path}`);
    expect(reply.status).toBe(404);
    expectError(path, reply);
  });

  test.each(getRoutes)('POST %s is 405', async (path) => {
    const { status, headers } = await post(app, path, {});
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });
});

describe('errors that clients must not see', () => {
  test('a bug is 500 "internal error", and the whole of it goes to the log', async () => {
    for (const path of ['/generate', '/v1/chat/completions']) {
      const { app, errors } = fakeApp({ failAfter: 0 });
      const { status, body } = await post(app, path, { prompt: 'a', messages: [{ role: 'user', content: 'a' }] });
      expect(status).toBe(500);
      expect(JSON.stringify(body)).toContain('internal error');
      expect(JSON.stringify(body)).not.toMatch(/secret|\bat /);
      expect(errors).toMatchObject([{ message: 'a bug at /secret/path' }]);
    }
  });

  test('errors of files and backends name paths, so they stay in the log too', async () => {
    const { app, errors } = fakeApp({
      failAfter: 0,
      failure: new RealizarError('io-failed', '/secret/model.gguf: read error'),
    });
    const { status, body } = await post(app, '/generate', { prompt: 'a' });
    expect([status, body]).toEqual([500, { error: 'internal error' }]);
    expect(errors).toMatchObject([{ code: 'io-failed' }]);
  });

  test('a closed or full engine is 503 with Retry-After', async () => {
    const { app, engine } = fakeApp();
    await engine.close();
    const { status, headers } = await post(app, '/generate', { prompt: 'a' });
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  });

  test('after an error the next request works', async () => {
    const { app } = fakeApp({ answer: 'x' });
    await rawPost(app, '/generate', '{');
    expect((await post(app, '/generate', { prompt: 'a' })).status).toBe(200);
  });
});

describe('request ids', () => {
  test('a clean one is echoed, one that could forge a log line is replaced', async () => {
    const { app } = fakeApp();
    const idOf = async (id: string): Promise<string | null> =>
      (await get(app, '/health', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await idOf('abc-123')).toBe('abc-123');
    expect(await idOf('a b')).toMatch(/^[\w-]{36}$/);
    expect(await idOf('x'.repeat(300))).toMatch(/^[\w-]{36}$/);
  });

  test('errors carry one too', async () => {
    expect((await get(fakeApp().app, '/nope')).headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
  });
});

const page = (origin: string, more: Record<string, string> = {}) => ({
  headers: { origin, host: '127.0.0.1:8080', ...more },
});

test('a stopping server still says it is healthy, and asks clients to let go of their connections', async () => {
  const { app } = fakeApp();
  app.running.drain();
  const { status, headers } = await get(app, '/health');
  expect([status, headers.get('connection')]).toEqual([200, 'close']);
});

describe('a browser page', () => {
  test.each([
    'http://127.0.0.1:8080',
    'http://localhost:3000',
    'http://app.localhost',
    'https://[::1]:1',
    'https://allowed.example',
  ])('of %s may call', async (origin) => {
    const { app } = fakeApp({}, { allowedOrigins: ['https://allowed.example'] });
    const { status, headers } = await get(app, '/health', page(origin));
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  test.each([
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'file://',
    'http://127.0.0.1.evil.example',
    'chrome-extension://localhost',
  ])('of %s may not', async (origin) => {
    const { app, engine } = fakeApp();
    const { status, headers } = await post(app, '/generate', { prompt: 'a' }, page(origin).headers);
    expect([status, headers.get('access-control-allow-origin')]).toEqual([403, null]);
    expect(engine.calls).toEqual([]);
  });

  test('of another site may not post without an Origin either', async () => {
    const { status } = await post(fakeApp().app, '/generate', { prompt: 'a' }, { 'sec-fetch-site': 'cross-site' });
    expect(status).toBe(403);
    expect((await get(fakeApp().app, '/health', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(200);
  });

  test('may send what the official client sends, and read its headers', async () => {
    const response = await fakeApp().app.request('/v1/chat/completions', {
      method: 'OPTIONS',
      ...page('http://localhost:5173', {
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os',
      }),
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toMatch(/authorization.*x-stainless-os/);
    expect(response.headers.get('access-control-expose-headers')).toContain('x-request-id');
  });
});

const statusFor = async (host: string, allowedHosts?: 'any' | string[]): Promise<number> =>
  (await get(fakeApp({}, allowedHosts ? { allowedHosts } : {}).app, '/health', { headers: { host } })).status;

describe('the Host header', () => {
  test.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '127.1.2.3', '[::1]:8080', 'my.localhost'])(
    '%s is this machine',
    async (host) => {
      expect(await statusFor(host)).toBe(200);
    },
  );

  test.each([
    'evil.example',
    'evil.example:8080',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
    '0.0.0.0',
  ])('%s is refused: the page behind it may have rebound its name', async (host) => {
    expect(await statusFor(host)).toBe(403);
  });

  test('others are accepted where the server is meant for them', async () => {
    expect(await statusFor('lan.example:8080', ['lan.example'])).toBe(200);
    expect(await statusFor('evil.example', ['lan.example'])).toBe(403);
    expect(await statusFor('anything.example', 'any')).toBe(200);
  });
});

describe('the app as a value', () => {
  test('fetch needs no socket, and the app can be mounted in another', async () => {
    const { app } = fakeApp();
    expect((await app.fetch(new Request('http://localhost/health'))).status).toBe(200);
    const outer = new Hono().route('/llm', app.hono);
    expect((await outer.request('/llm/health')).status).toBe(200);
  });

  test('lists its endpoints', () => {
    expect(fakeApp().app.endpoints).toEqual([
      'GET /health',
      'POST /tokenize',
      'POST /generate',
      'POST /batch/tokenize',
      'POST /batch/generate',
      'POST /stream/generate',
      'GET /models',
      'GET /models/:id/file',
      'GET /metrics',
      'GET /v1/models',
      'GET /v1/models/:id',
      'POST /v1/chat/completions',
      'GET /',
      'GET /page/:name',
      'GET /browser/:name',
    ]);
  });

  test('an engine given as it is stays its owner to close', async () => {
    const { app, engine } = fakeApp();
    await post(app, '/tokenize', { text: 'a' });
    await app.close();
    expect(engine.closed).toBe(false);
  });
});
