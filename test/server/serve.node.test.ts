import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createApp } from '../../src/server/app.ts';
import { startServer, type RunningServer, type ServerOptions } from '../../src/server/serve.node.ts';
import { FakeEngine, type FakeOptions } from './support/fake-engine.ts';
import { overSocket } from './support/raw-socket.ts';
import { eventsOf, metric, until } from './support/requests.ts';

const servers: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

async function serve(fake: FakeOptions = {}, options: Partial<ServerOptions> = {}) {
  const engine = new FakeEngine(fake);
  const app = createApp(engine);
  const server = await startServer({ app, port: 0, graceMs: 0, ...options });
  servers.push(server);
  const stream = (body: object, init: RequestInit = {}): Promise<Response> =>
    fetch(`${server.url}/stream/generate`, {
      method: 'POST',
      body: JSON.stringify({ prompt: 'a', ...body }),
      headers: { 'content-type': 'application/json' },
      ...init,
    });
  return { engine, app, server, stream };
}

describe('listening', () => {
  test('a port in use is one readable error', async () => {
    const { server, app } = await serve();
    await expect(startServer({ app, port: server.port })).rejects.toMatchObject({
      code: 'port-in-use',
      message: `port ${server.port} of 127.0.0.1 is in use; choose another with --port`,
    });
  });

  test('an address that is not this machine is another', async () => {
    const { app } = await serve();
    await expect(startServer({ app, host: '192.0.2.1', port: 0 })).rejects.toMatchObject({ code: 'listen-failed' });
  });

  test('localhost is a host like another', async () => {
    const { server } = await serve({}, { host: 'localhost' });
    expect(server.url).toBe(`http://localhost:${server.port}`);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test('the process keeps its own Request and Response', async () => {
    const before = [globalThis.Request, globalThis.Response];
    await serve();
    expect([globalThis.Request, globalThis.Response]).toEqual(before);
  });
});

describe('clients that leave', () => {
  test('30 of them in mid-stream free the engine', async () => {
    const { app, engine, stream } = await serve({ delayMs: 2 });
    const clients = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = new AbortController();
        const response = await stream({ max_tokens: 4000 }, { signal: client.signal });
        await response.body!.getReader().read();
        return client;
      }),
    );
    expect(await metric(app, 'realizar_requests_in_flight')).toBe(30);
    for (const client of clients) client.abort();
    await until(async () => (await metric(app, 'realizar_requests_in_flight')) === 0);
    expect(engine.calls.map(({ state }) => state)).toEqual(Array(30).fill('cancelled'));
    expect(await metric(app, 'realizar_requests_cancelled')).toBe(30);
  });

  test('one that waits for a whole answer frees the engine too', async () => {
    const { engine, server } = await serve({ delayMs: 2 });
    const client = new AbortController();
    const answer = fetch(`${server.url}/generate`, {
      method: 'POST',
      body: '{"prompt":"a","max_tokens":4000}',
      headers: { 'content-type': 'application/json' },
      signal: client.signal,
    });
    const left = expect(answer).rejects.toThrow();
    await until(() => (engine.calls[0]?.generated ?? 0) > 0);
    client.abort();
    await left;
    await until(() => engine.running === 0);
  });
});

describe('a stream over a socket', () => {
  test('sends its first token while the others are still to be made', async () => {
    const { engine, stream } = await serve({ delayMs: 5 });
    const reader = (await stream({ max_tokens: 100 })).body!.getReader();
    await reader.read();
    expect(engine.calls[0]!.generated).toBeLessThan(50);
    await reader.cancel();
  });

  test('sends its headers before its first token', async () => {
    const { engine, stream } = await serve({ delayMs: 200, answer: 'x' });
    const response = await stream({});
    expect(engine.calls[0]!.generated).toBe(0);
    expect(eventsOf(await response.text()).map(({ event }) => event)).toEqual(['token', 'done']);
  });
});

describe('malformed HTTP', () => {
  test.each([
    ['a broken Host', 'GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', 400],
    ['no Host', 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['a foreign Host', 'GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n', 403],
    [
      'a header of 20 KB',
      `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\nConnection: close\r\n\r\n`,
      431,
    ],
    [
      'two lengths',
      'POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['nonsense', 'nonsense\r\n\r\n', 400],
    ['a backslash in its path', 'GET /health\\x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n', 400],
  ])('with %s is refused, and the next request works', async (_, request, status) => {
    const { server } = await serve();
    expect(await overSocket(server.port, request)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  test('a client that takes too long over its headers is cut off', async () => {
    const { server } = await serve({}, { headersTimeoutMs: 100 });
    expect(await overSocket(server.port, 'GET /health HTTP/1.1\r\nHost:', 5_000)).toMatch(/^HTTP\/1.1 408 /);
  });

  test('a body larger than it says, or endless, is 413', async () => {
    const { server } = await serve();
    const head = 'POST /tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
    expect(await overSocket(server.port, `${head}Content-Length: 3000000\r\n\r\n{`)).toMatch(/^HTTP\/1.1 413 /);
    const chunk = `40000\r\n${'x'.repeat(0x40000)}\r\n`;
    expect(await overSocket(server.port, `${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(12)}`)).toMatch(
      /^HTTP\/1.1 413 /,
    );
  });
});

describe('stopping', () => {
  test('lets a running answer end within the grace time', async () => {
    const { server, stream } = await serve({ delayMs: 5 }, { graceMs: 5_000 });
    const response = await stream({ max_tokens: 20 });
    await server.stop();
    expect(eventsOf(await response.text()).at(-1)).toEqual({ event: 'done', data: { num_generated: 20 } });
  });

  test('ends what outlives the grace time with an error event', async () => {
    const { server, stream, engine } = await serve({ delayMs: 5 }, { graceMs: 30 });
    const response = await stream({ max_tokens: 4000 });
    await server.stop();
    expect(eventsOf(await response.text()).at(-1)).toEqual({
      event: 'error',
      data: { error: 'the server is shutting down' },
    });
    expect(engine.running).toBe(0);
  });

  test('refuses new connections, and new requests on old ones with 503', async () => {
    const { server, stream, app } = await serve({ delayMs: 5 }, { graceMs: 5_000 });
    const running = await stream({ max_tokens: 40 });
    const stopping = server.stop();
    const refused = await app.request('/generate', {
      method: 'POST',
      body: '{"prompt":"a"}',
      headers: { 'content-type': 'application/json' },
    });
    expect([refused.status, refused.headers.get('connection')]).toEqual([503, 'close']);
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
    await running.text();
    await stopping;
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s ends a process with 0 after the running stream has had its last event',
    async (signal) => {
      const child = spawn(process.execPath, [resolve(import.meta.dirname, 'support/serve-fake.ts')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const url = String((await once(child.stdout, 'data'))[0]);
      const response = await fetch(`${url.trim()}/stream/generate`, {
        method: 'POST',
        body: '{"prompt":"a","max_tokens":4000}',
        headers: { 'content-type': 'application/json' },
      });
      const reader = response.body!.getReader();
      await reader.read();
      const exit = once(child, 'exit');
      child.kill(signal);
      let rest = '';
      for (let read = await reader.read(); !read.done; read = await reader.read())
        rest += new TextDecoder().decode(read.value);
      expect(eventsOf(rest).at(-1)!.event).toBe('error');
      expect(await exit).toEqual([0, null]);
    },
  );
});
