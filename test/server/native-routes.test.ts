import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EOS } from './support/fake-tokenizer.ts';
import { eventsOf, fakeApp, get, metric, post, rawPost, until } from './support/requests.ts';

const generationRoutes = [
  ['/generate', { prompt: 'a' }],
  ['/stream/generate', { prompt: 'a' }],
  ['/batch/generate', { prompts: ['a'] }],
] as const;

describe('GET /health', () => {
  test('says healthy, the version and the compute mode', async () => {
    const { app } = fakeApp({}, { version: '1.2.3' });
    const { status, body } = await get(app, '/health');
    expect([status, body]).toEqual([200, { status: 'healthy', version: '1.2.3', compute_mode: 'cpu' }]);
  });

  test('reports the version of the package by default', async () => {
    expect((await get(fakeApp().app, '/health')).body.version).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('POST /tokenize', () => {
  test('returns ids and their number', async () => {
    const { status, body } = await post(fakeApp().app, '/tokenize', { text: 'hello' });
    expect([status, body]).toEqual([200, { token_ids: [104, 101, 108, 108, 111], num_tokens: 5 }]);
  });

  test('an empty text has no tokens and is no error', async () => {
    const { status, body } = await post(fakeApp().app, '/tokenize', { text: '' });
    expect([status, body]).toEqual([200, { token_ids: [], num_tokens: 0 }]);
  });

  test('control tokens written in a text stay text', async () => {
    const { body } = await post(fakeApp().app, '/tokenize', { text: '<|end|>' });
    expect(body.num_tokens).toBe(7);
  });

  test('a model that is not served is 404', async () => {
    const { status, body } = await post(fakeApp().app, '/tokenize', { text: 'a', model_id: 'none' });
    expect([status, body.error]).toEqual([404, 'model "none" is not served here; GET /models lists those that are']);
  });
});

describe('POST /generate', () => {
  test('generates 50 tokens greedily by default', async () => {
    const { app, engine } = fakeApp();
    const { status, body } = await post(app, '/generate', { prompt: 'hi' });
    expect([status, body.num_generated]).toEqual([200, 50]);
    expect(engine.calls[0]!.options).toMatchObject({ temperature: 0, maxTokens: 50 });
  });

  test('token_ids and text include the prompt, and the numbers add up', async () => {
    const { app, engine } = fakeApp();
    const prompt = (await post(app, '/tokenize', { text: 'a' })).body;
    const { body } = await post(app, '/generate', { prompt: 'a', max_tokens: 3 });
    expect(body.token_ids.slice(0, prompt.num_tokens)).toEqual(prompt.token_ids);
    expect(body.token_ids.length).toBe(prompt.num_tokens + body.num_generated);
    expect(body.text).toBe(engine.tokenizer.decode(body.token_ids));
  });

  test('max_tokens 0 gives the prompt back', async () => {
    const { status, body } = await post(fakeApp().app, '/generate', { prompt: 'a', max_tokens: 0 });
    expect([status, body]).toEqual([200, { token_ids: [97], text: 'a', num_generated: 0 }]);
  });

  test('max_tokens beyond the context ends at the context', async () => {
    const { body } = await post(fakeApp({ contextLength: 20 }).app, '/generate', {
      prompt: 'abcd',
      max_tokens: 2 ** 52,
    });
    expect(body.num_generated).toBe(16);
  });

  test('an end token ends it and is not part of it', async () => {
    const { body } = await post(fakeApp({ answer: 'xyz' }).app, '/generate', { prompt: 'a' });
    expect(body).toEqual({ token_ids: [97, 120, 121, 122], text: 'axyz', num_generated: 3 });
    expect(body.token_ids).not.toContain(EOS);
  });

  test('an empty prompt is 400', async () => {
    const { status, body } = await post(fakeApp().app, '/generate', { prompt: '' });
    expect([status, body]).toEqual([400, { error: 'Prompt cannot be empty' }]);
  });

  test('a prompt longer than the context is 400, and far too long a one is not even tokenized', async () => {
    const { app, engine } = fakeApp({ contextLength: 16 });
    expect((await post(app, '/generate', { prompt: 'x'.repeat(16) })).status).toBe(400);
    engine.tokenizer.encode = () => expect.fail('tokenized');
    const { status, body } = await post(app, '/generate', { prompt: 'x'.repeat(16 * 128 + 1) });
    expect([status, body.error]).toEqual([400, 'a text of 2049 characters exceeds the context of 16 tokens']);
  });
});

describe('sampling of the native routes', () => {
  test('top_k samples with the Rust generator, seed 42, temperature before top-k', async () => {
    const { app, engine } = fakeApp();
    await post(app, '/generate', { prompt: 'a', max_tokens: 1, strategy: 'top_k', temperature: 0.5 });
    expect(engine.calls[0]!.options).toMatchObject({
      temperature: 0.5,
      topK: 50,
      samplers: ['temperature', 'top-k'],
      rng: 'lcg',
      seed: 42n,
    });
  });

  test('top_p samples with its own chain', async () => {
    const { app, engine } = fakeApp();
    await post(app, '/generate', { prompt: 'a', max_tokens: 1, strategy: 'top_p', seed: 7 });
    expect(engine.calls[0]!.options).toMatchObject({
      temperature: 1,
      topP: 0.9,
      samplers: ['temperature', 'top-p'],
      rng: 'lcg',
      seed: 7n,
    });
  });

  test('temperature 0 is greedy under every strategy', async () => {
    const { app } = fakeApp();
    const greedy = await post(app, '/generate', { prompt: 'a' });
    for (const strategy of ['top_k', 'top_p'])
      expect((await post(app, '/generate', { prompt: 'a', temperature: 0, strategy })).body).toEqual(greedy.body);
  });

  test.each([
    ['9007199254740993', 9007199254740993n],
    ['18446744073709551615', 18446744073709551615n],
    ['"18446744073709551615"', 18446744073709551615n],
    ['0', 0n],
    ['null', 42n],
  ])('seed %s reaches the engine with all its digits', async (seed, expected) => {
    const { app, engine } = fakeApp();
    await rawPost(app, '/generate', `{"prompt":"a","max_tokens":1,"strategy":"top_k","seed":${seed}}`);
    expect(engine.calls[0]!.options.seed).toBe(expected);
  });

  test.each(['18446744073709551616', '-1', '1.5', '"1e3"', '"99999999999999999999"', '[]'])(
    'seed %s is refused',
    async (seed) => {
      const response = await rawPost(fakeApp().app, '/generate', `{"prompt":"a","seed":${seed}}`);
      expect(response.status).toBe(422);
    },
  );

  describe.each(generationRoutes)('%s', (route, body) => {
    test.each([
      [{ strategy: 'x' }, 'Invalid strategy: x'],
      [{ temperature: -1 }, 'Invalid shape: Temperature must be positive'],
      [{ strategy: 'top_k', top_k: 0 }, 'Invalid shape: k must be > 0'],
      [{ strategy: 'top_p', top_p: 0 }, 'Invalid shape: p must be in (0, 1]'],
      [{ strategy: 'top_p', top_p: 1.1 }, 'Invalid shape: p must be in (0, 1]'],
    ])('%j is 400 in the Rust wording', async (fields, message) => {
      const reply = await post(fakeApp().app, route, { ...body, ...fields });
      expect([reply.status, reply.body]).toEqual([400, { error: message }]);
    });

    test('values that the strategy does not use are not looked at', async () => {
      const reply = await post(fakeApp({ answer: 'x' }).app, route, { ...body, top_k: 0, top_p: 7 });
      expect(reply.status).toBe(200);
    });

    test.each([
      { max_tokens: -1 },
      { max_tokens: 1.5 },
      { max_tokens: '5' },
      { temperature: 'hot' },
      { top_k: -1 },
      { strategy: 5 },
      { model_id: 5 },
    ])('%j does not fit the schema: 422', async (fields) => {
      const reply = await post(fakeApp().app, route, { ...body, ...fields });
      expect([reply.status, typeof reply.body.error]).toEqual([422, 'string']);
      expect(reply.body.error).toContain(Object.keys(fields)[0]);
    });
  });
});

describe('POST /batch/tokenize', () => {
  test('tokenizes every text, in order', async () => {
    const { body } = await post(fakeApp().app, '/batch/tokenize', { texts: ['a', 'b c'] });
    expect(body).toEqual({
      results: [
        { token_ids: [97], num_tokens: 1 },
        { token_ids: [98, 32, 99], num_tokens: 3 },
      ],
    });
  });

  test('no texts are 400', async () => {
    const { status, body } = await post(fakeApp().app, '/batch/tokenize', { texts: [] });
    expect([status, body]).toEqual([400, { error: 'Texts array cannot be empty' }]);
  });

  test('others get their turn while many texts are tokenized', async () => {
    const { app, engine } = fakeApp();
    const encode = engine.tokenizer.encode.bind(engine.tokenizer);
    engine.tokenizer.encode = (text) => {
      const end = performance.now() + 6;
      while (performance.now() < end);
      return encode(text);
    };
    const order: string[] = [];
    await Promise.all([
      post(app, '/batch/tokenize', { texts: Array.from({ length: 8 }, () => 'a') }).then(() => order.push('batch')),
      new Promise((resolve) => setTimeout(resolve, 20)).then(() => order.push('timer')),
    ]);
    expect(order).toEqual(['timer', 'batch']);
  });
});

describe('POST /batch/generate', () => {
  test('no prompts are 400', async () => {
    const { status, body } = await post(fakeApp().app, '/batch/generate', { prompts: [] });
    expect([status, body]).toEqual([400, { error: 'Prompts array cannot be empty' }]);
  });

  test('one prompt without tokens fails all, and nothing is generated', async () => {
    const { app, engine } = fakeApp();
    const { status, body } = await post(app, '/batch/generate', { prompts: ['a', ''] });
    expect([status, body]).toEqual([400, { error: "Prompt '' tokenizes to empty sequence" }]);
    expect(engine.calls).toEqual([]);
  });

  test('the strategy is checked before the prompts', async () => {
    const { body } = await post(fakeApp().app, '/batch/generate', { prompts: [''], strategy: 'x' });
    expect(body).toEqual({ error: 'Invalid strategy: x' });
  });

  test('more prompts than the server runs at once are 400', async () => {
    const { status } = await post(fakeApp().app, '/batch/generate', {
      prompts: Array.from({ length: 257 }, () => 'a'),
    });
    expect(status).toBe(400);
  });

  test('all prompts run at the same time', async () => {
    const { app, engine } = fakeApp();
    await post(app, '/batch/generate', { prompts: ['a', 'b', 'c', 'd'], max_tokens: 3 });
    expect(engine.mostRunning).toBe(4);
  });

  test('each result equals the single generation of its prompt, for any sampling', async () => {
    const request = fc.record({
      prompts: fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
      strategy: fc.constantFrom('greedy', 'top_k', 'top_p'),
      max_tokens: fc.nat(6),
      seed: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ prompts, ...sampling }) => {
        const { app } = fakeApp();
        const batch = await post(app, '/batch/generate', { prompts, ...sampling });
        const singles = await Promise.all(prompts.map((prompt) => post(app, '/generate', { prompt, ...sampling })));
        expect(batch.body).toEqual({ results: singles.map(({ body }) => body) });
      }),
      { numRuns: 30 },
    );
  });

  test('when one prompt fails in the engine, the others are cancelled', async () => {
    const { app, engine, errors } = fakeApp({ failAfter: 3 });
    const { status, body } = await post(app, '/batch/generate', { prompts: ['a', 'b'] });
    expect([status, body]).toEqual([500, { error: 'internal error' }]);
    expect(errors).toHaveLength(1);
    await until(() => engine.running === 0);
  });
});

describe('POST /stream/generate', () => {
  test('streams one token event per generated token, then one done; the prompt is not streamed', async () => {
    const { app } = fakeApp();
    const whole = (await post(app, '/generate', { prompt: 'a', max_tokens: 3 })).body;
    const response = await rawPost(app, '/stream/generate', '{"prompt":"a","max_tokens":3}');
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('no-cache, no-transform');
    const events = eventsOf(await response.text());
    expect(events.map(({ event }) => event)).toEqual(['token', 'token', 'token', 'done']);
    expect(events.slice(0, 3).map(({ data }) => data.token_id)).toEqual(whole.token_ids.slice(1));
    expect(Object.keys(events[0]!.data)).toEqual(['token_id', 'text']);
    expect(events[3]!.data).toEqual({ num_generated: 3 });
  });

  test('max_tokens 0 is done at once', async () => {
    const { body } = await post(fakeApp().app, '/stream/generate', { prompt: 'a', max_tokens: 0 });
    expect(eventsOf(body)).toEqual([{ event: 'done', data: { num_generated: 0 } }]);
  });

  test('errors before the first token are plain JSON errors', async () => {
    const { status, body, headers } = await post(fakeApp().app, '/stream/generate', { prompt: '' });
    expect([status, body, headers.get('content-type')]).toEqual([
      400,
      { error: 'Prompt cannot be empty' },
      'application/json',
    ]);
  });

  test('the texts joined are the decoded tokens, whatever characters are split or cut off', async () => {
    const bytes = fc.oneof(
      fc.string({ unit: 'grapheme' }).map((text) => [...new TextEncoder().encode(text)]),
      fc.uint8Array({ maxLength: 12 }).map((array) => [...array]),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(12), async (answer, maxTokens) => {
        const { app, engine } = fakeApp({ answer });
        const { body } = await post(app, '/stream/generate', { prompt: 'a', max_tokens: maxTokens });
        const tokens = eventsOf(body).filter(({ event }) => event === 'token');
        expect(tokens.map(({ data }) => data.token_id)).toEqual(answer.slice(0, maxTokens));
        expect(tokens.map(({ data }) => data.text).join('')).toBe(engine.tokenizer.decode(answer.slice(0, maxTokens)));
      }),
      { numRuns: 100 },
    );
  });

  test('the first token arrives long before the last is made', async () => {
    const { app, engine } = fakeApp({ delayMs: 1 });
    const response = await rawPost(app, '/stream/generate', '{"prompt":"a","max_tokens":200}');
    const reader = response.body!.getReader();
    await reader.read();
    expect(engine.calls[0]!.generated).toBeLessThan(50);
    await reader.cancel();
  });

  test('a failure on the way becomes an error event, without its secrets, and ends the stream', async () => {
    const { app, errors } = fakeApp({ failAfter: 2 });
    const { body } = await post(app, '/stream/generate', { prompt: 'a' });
    const events = eventsOf(body);
    expect(events.map(({ event }) => event)).toEqual(['token', 'token', 'error']);
    expect(events[2]!.data).toEqual({ error: 'internal error' });
    expect(errors).toMatchObject([{ message: 'a bug at /secret/path' }]);
    expect(await metric(app, 'realizar_requests_failed')).toBe(1);
  });

  test('a silent stream is kept alive by comments', async () => {
    const { app } = fakeApp({ delayMs: 60, answer: 'x' }, { pingMs: 10 });
    const { body } = await post(app, '/stream/generate', { prompt: 'a' });
    expect(body).toMatch(/^: ping\n\n/);
    expect(eventsOf(body).map(({ event }) => event)).toEqual(['token', 'done']);
  });

  test('a client that cancels its stream frees the sequence', async () => {
    const { app, engine } = fakeApp({ delayMs: 2 });
    const response = await rawPost(app, '/stream/generate', '{"prompt":"a","max_tokens":4000}');
    const reader = response.body!.getReader();
    await reader.read();
    expect(await metric(app, 'realizar_requests_in_flight')).toBe(1);
    await reader.cancel();
    await until(() => engine.calls[0]!.state === 'cancelled');
    expect(await metric(app, 'realizar_requests_in_flight')).toBe(0);
    expect(await metric(app, 'realizar_requests_cancelled')).toBe(1);
    expect(await metric(app, 'realizar_requests_failed')).toBe(0);
  });
});

describe.each(generationRoutes)('a client of %s that leaves', (route, body) => {
  test('frees the sequence', async () => {
    const { app, engine, errors } = fakeApp({ delayMs: 2 });
    const client = new AbortController();
    const response = rawPost(app, route, JSON.stringify({ ...body, max_tokens: 4000 }), {}, client.signal);
    await until(() => (engine.calls[0]?.generated ?? 0) > 0);
    client.abort();
    await (await response).text();
    expect(engine.calls[0]!.state).toBe('cancelled');
    expect(await metric(app, 'realizar_requests_in_flight')).toBe(0);
    expect(errors).toEqual([]);
  });
});

describe('a full server', () => {
  test('answers 503 with Retry-After, and takes requests again when there is room', async () => {
    const { app, engine } = fakeApp({ delayMs: 5 }, { maxRequests: 2 });
    const running = post(app, '/batch/generate', { prompts: ['a', 'b'], max_tokens: 5 });
    await until(() => engine.running === 2);
    const refused = await post(app, '/generate', { prompt: 'a' });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('retry-after-ms')]).toEqual([
      503,
      '1',
      '1000',
    ]);
    expect(engine.calls).toHaveLength(2);
    expect((await running).status).toBe(200);
    expect((await post(app, '/generate', { prompt: 'a' })).status).toBe(200);
  });
});

test('a batch that could never fit into the server is 400, not "try again"', async () => {
  const { app } = fakeApp({}, { maxRequests: 2 });
  expect((await post(app, '/batch/generate', { prompts: ['a', 'b', 'c'] })).status).toBe(400);
});

describe('GET /models', () => {
  test('lists what is served and whether it is loaded', async () => {
    const { app } = fakeApp({ modelId: 'one' });
    const before = (await get(app, '/models')).body;
    expect(before).toEqual({ models: [{ id: 'one', name: 'one', description: '', format: 'gguf', loaded: false }] });
    await post(app, '/tokenize', { text: 'a', model_id: 'one' });
    expect((await get(app, '/models')).body.models[0].loaded).toBe(true);
  });
});
