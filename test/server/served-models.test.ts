import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/server/app.ts';
import { RealizarError } from '../../src/errors.ts';
import { ServedModels } from '../../src/server/served-models.ts';
import { FakeEngine } from './support/fake-engine.ts';
import { get, metric, post, rawPost, until } from './support/requests.ts';

function fakeModels(
  ids: readonly string[],
  options: { capacity?: number; maxBytes?: number; load?: (id: string) => Promise<FakeEngine> } = {},
) {
  const engines: FakeEngine[] = [];
  const { load = (id) => Promise.resolve(new FakeEngine({ modelId: id, memoryBytes: 100, delayMs: 1 })), ...limits } =
    options;
  const models = new ServedModels(
    ids.map((id) => ({ id, path: `/secret/${id}.gguf` })),
    async ({ id }) => {
      const engine = await load(id);
      engines.push(engine);
      return engine;
    },
    limits,
  );
  const errors: unknown[] = [];
  return { models, engines, errors, app: createApp(models, { onError: (error) => errors.push(error) }) };
}

describe('several models', () => {
  test('model_id and model choose, the first is the default, and each is loaded at its first use', async () => {
    const { app, engines } = fakeModels(['one', 'two']);
    const tokenize = (model_id?: string) => post(app, '/tokenize', { text: 'a', model_id });
    await tokenize();
    expect(engines.map(({ modelId }) => modelId)).toEqual(['one']);
    await tokenize('two');
    await tokenize('two');
    expect(engines.map(({ modelId }) => modelId)).toEqual(['one', 'two']);
    const chat = await post(app, '/v1/chat/completions', {
      model: 'two',
      max_tokens: 1,
      messages: [{ role: 'user', content: 'a' }],
    });
    expect(chat.body.model).toBe('two');
    expect(engines[1]!.calls).toHaveLength(1);
  });

  test('with room for one, the other is evicted and closed, and the metrics say so', async () => {
    const { app, engines } = fakeModels(['one', 'two'], { capacity: 1 });
    for (const model_id of ['one', 'two', 'one']) await post(app, '/tokenize', { text: 'a', model_id });
    expect(engines.map(({ closed }) => closed)).toEqual([true, true, false]);
    expect(await metric(app, 'realizar_model_cache_evictions_total')).toBe(2);
    expect(await metric(app, 'realizar_model_cache_misses_total')).toBe(3);
    expect(await metric(app, 'realizar_model_cache_size')).toBe(1);
    expect(await metric(app, 'realizar_model_cache_bytes')).toBe(100);
  });

  test('a model that streams is not closed for another: the idle one goes', async () => {
    const { app, engines } = fakeModels(['one', 'two'], { maxBytes: 150 });
    const stream = await rawPost(app, '/stream/generate', '{"prompt":"a","max_tokens":20,"model_id":"one"}');
    await post(app, '/tokenize', { text: 'a', model_id: 'two' });
    expect(engines.map(({ closed }) => closed)).toEqual([false, true]);
    expect(await stream.text()).toContain('event: done');
  });

  test('20 requests for a cold model load it once', async () => {
    const { app, engines } = fakeModels(['one']);
    await Promise.all(Array.from({ length: 20 }, () => post(app, '/tokenize', { text: 'a' })));
    expect(engines).toHaveLength(1);
  });

  test('reading /models, /metrics and /health loads nothing', async () => {
    const { app, engines } = fakeModels(['one']);
    for (const path of ['/models', '/metrics', '/health', '/v1/models', '/v1/models/one']) await get(app, path);
    expect(engines).toEqual([]);
  });
});

const broken = (): Promise<never> => Promise.reject(new RealizarError('bad-magic', '/secret/one.gguf is no GGUF file'));

describe('a model that cannot be loaded', () => {
  test('is a 500 that clients do not retry, without its path; the reason is logged; others go on working', async () => {
    const { app, errors } = fakeModels(['one', 'two'], {
      load: (id) => (id === 'one' ? broken() : Promise.resolve(new FakeEngine())),
    });
    const { status, body, headers } = await post(app, '/tokenize', { text: 'a' });
    expect([status, body]).toEqual([500, { error: 'model "one" could not be loaded; the server\'s log says why' }]);
    expect(headers.get('x-should-retry')).toBe('false');
    expect(errors).toMatchObject([{ code: 'bad-magic' }]);
    expect((await post(app, '/tokenize', { text: 'a', model_id: 'two' })).status).toBe(200);
    expect(await metric(app, 'realizar_requests_failed')).toBe(1);
  });

  test('is tried again at the next request', async () => {
    let tries = 0;
    const { app } = fakeModels(['one'], { load: () => (tries++ === 0 ? broken() : Promise.resolve(new FakeEngine())) });
    expect((await post(app, '/tokenize', { text: 'a' })).status).toBe(500);
    expect((await post(app, '/tokenize', { text: 'a' })).status).toBe(200);
  });

  test('for want of memory is 503: there may be some later', async () => {
    const { app } = fakeModels(['one'], { load: () => Promise.reject(new RealizarError('out-of-memory', 'no room')) });
    const { status, headers } = await post(app, '/tokenize', { text: 'a' });
    expect([status, headers.get('retry-after')]).toEqual([503, '5']);
  });

  test('fails warm with its own error', async () => {
    await expect(fakeModels(['one'], { load: broken }).models.warm(['one'])).rejects.toMatchObject({
      code: 'bad-magic',
    });
  });
});

describe('a client that leaves while its model loads', () => {
  test('waits no longer, and the model is loaded for the next', async () => {
    const ready = Promise.withResolvers<void>();
    const { app, models, engines } = fakeModels(['one'], { load: async () => (await ready.promise, new FakeEngine()) });
    const client = new AbortController();
    const response = rawPost(app, '/generate', '{"prompt":"a"}', {}, client.signal);
    await until(() => app.running.places === 1);
    client.abort();
    expect((await response).status).toBe(503);
    expect(app.running.places).toBe(0);
    ready.resolve();
    await until(() => models.metrics.size === 1);
    expect(engines[0]!.calls).toEqual([]);
  });

  test('or before it was even read, takes no place', async () => {
    const { app } = fakeModels(['one']);
    expect((await rawPost(app, '/generate', '{"prompt":"a"}', {}, AbortSignal.abort())).status).toBe(503);
    expect(app.running.places).toBe(0);
  });
});

test('a server without models, or with two of one name, is refused', () => {
  expect(() => fakeModels([])).toThrow('at least one model');
  expect(() => fakeModels(['one', 'one'])).toThrow('the same id');
});

test('a model that fails to close is reported and hurts nobody', async () => {
  const errors: unknown[] = [];
  const engine = new FakeEngine();
  engine.close = () => Promise.reject(new Error('stuck'));
  const models = new ServedModels([{ id: 'one', path: '' }], () => Promise.resolve(engine), {
    onError: (error) => errors.push(error),
  });
  (await models.lease('one')).release();
  await models.close();
  expect(errors).toMatchObject([{ message: 'stuck' }]);
});
