import { describe, expect, test } from 'vitest';
import { RealizarError } from '../../src/errors.ts';
import { serveModels, type ServeModelsOptions } from '../../src/server/serve-models.ts';
import { FakeEngine } from './support/fake-engine.ts';

function serve(options: Partial<ServeModelsOptions> = {}) {
  const engines: FakeEngine[] = [];
  const end = new AbortController();
  const server = serveModels({
    models: [
      { id: 'one', path: '/one' },
      { id: 'two', path: '/two' },
    ],
    load: ({ id, path }) => {
      const engine = new FakeEngine({ modelId: `${id} from ${path}` });
      engines.push(engine);
      return Promise.resolve(engine);
    },
    host: '127.0.0.1',
    port: 0,
    cacheSize: 1,
    signal: end.signal,
    ...options,
  });
  return { server, engines, end };
}

describe('serving models', () => {
  test('loads the first, listens, and frees all when told to end', async () => {
    const { server, engines, end } = serve();
    const { url, endpoints, closed } = await server;
    expect(engines.map(({ modelId }) => modelId)).toEqual(['one from /one']);
    expect(endpoints).toContain('POST /generate');
    expect(await (await fetch(`${url}/models`)).json()).toMatchObject({
      models: [
        { id: 'one', loaded: true },
        { id: 'two', loaded: false },
      ],
    });
    end.abort();
    await closed;
    expect(engines[0]!.closed).toBe(true);
    await expect(fetch(`${url}/health`)).rejects.toThrow();
  });

  test('a model that cannot be loaded is its own error, and nothing is left listening', async () => {
    const broken = new RealizarError('bad-magic', 'x.gguf is no GGUF file');
    const listeners = process.listenerCount('SIGTERM');
    await expect(serve({ load: () => Promise.reject(broken) }).server).rejects.toBe(broken);
    expect(process.listenerCount('SIGTERM')).toBe(listeners);
  });

  test('a port in use is found before anything is loaded', async () => {
    const first = serve();
    const { url, closed } = await first.server;
    const second = serve({ port: Number(new URL(url).port) });
    await expect(second.server).rejects.toMatchObject({ code: 'port-in-use' });
    expect(second.engines).toEqual([]);
    first.end.abort();
    await closed;
  });

  test('on an address for others, requests may name any host', async () => {
    const { server, end } = serve({ host: '0.0.0.0' });
    const { url, closed } = await server;
    const { port } = new URL(url);
    const { overSocket } = await import('./support/raw-socket.ts');
    expect(
      await overSocket(Number(port), 'GET /health HTTP/1.1\r\nHost: lan.example\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1.1 200 /);
    end.abort();
    await closed;
  });

  test('told to end while the first model is loading, it tells the load and says so', async () => {
    const { server, end } = serve({
      load: (_model, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
          setTimeout(() => end.abort(), 10);
        }),
    });
    await expect(server).rejects.toMatchObject({ code: 'aborted' });
  });

  test('told to end before it began, it ends', async () => {
    const { closed } = await serve({ signal: AbortSignal.abort() }).server;
    await closed;
  });
});
