import { resolve } from 'node:path';
import * as fc from 'fast-check';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { loadEngine } from '../../src/load.ts';
import { createApp, type ServerApp } from '../../src/server/app.ts';
import { eventsOf, get, metric, post, rawPost, until } from './support/requests.ts';

const demo = resolve(import.meta.dirname, '../../models/demo.gguf');

describe.each(['reference', 'wasm'] as const)('the demo model on %s, over HTTP', (backend) => {
  let engine: Engine;
  let app: ServerApp;

  beforeAll(async () => {
    engine = await loadEngine(demo, { backend });
    app = createApp(engine);
  });
  afterAll(() => engine.close());

  test('ids of /tokenize begin those of /generate, and the numbers add up', async () => {
    const prompt = (await post(app, '/tokenize', { text: 'Once upon a time' })).body;
    const { body } = await post(app, '/generate', { prompt: 'Once upon a time', max_tokens: 12 });
    expect(body.token_ids.slice(0, prompt.num_tokens)).toEqual(prompt.token_ids);
    expect(body.token_ids.length).toBe(prompt.num_tokens + body.num_generated);
    expect(body.text).toBe(engine.tokenizer.decode(body.token_ids));
    expect(body.text).toMatch(/^Once upon a time[ \w,.'’!?"“”-]+$/);
  });

  test('a batch equals its singles, under every strategy', async () => {
    const prompts = ['The cat', 'She said', 'x', 'Once upon a time there was a small lantern'];
    for (const strategy of ['greedy', 'top_k', 'top_p']) {
      const sampling = { strategy, max_tokens: 8, temperature: 0.8, seed: '9007199254740993' };
      const batch = await post(app, '/batch/generate', { prompts, ...sampling });
      const singles = [];
      for (const prompt of prompts) singles.push((await post(app, '/generate', { prompt, ...sampling })).body);
      expect(batch.body).toEqual({ results: singles });
    }
  });

  test('the texts of a stream joined are its tokens decoded, for any prompt', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), async (prompt) => {
        const sampling = { prompt, strategy: 'top_k', top_k: 1000, temperature: 5, max_tokens: 6 };
        const whole = (await post(app, '/generate', sampling)).body;
        const events = eventsOf((await post(app, '/stream/generate', sampling)).body).filter(
          ({ event }) => event === 'token',
        );
        expect(events.map(({ data }) => data.token_id)).toEqual(
          whole.token_ids.slice(-whole.num_generated || Infinity),
        );
        const start = whole.token_ids.slice(0, whole.token_ids.length - whole.num_generated);
        // A prompt may end inside a character that the new tokens complete; then its own text has U+FFFD in its place.
        if (!engine.tokenizer.decode(start).endsWith('\uFFFD'))
          expect(engine.tokenizer.decode(start) + events.map(({ data }) => data.text).join('')).toBe(whole.text);
      }),
      { numRuns: 8 },
    );
  });

  test('chats with the official client in process, streamed as whole', async () => {
    const client = new OpenAI({
      baseURL: 'http://localhost/v1',
      apiKey: 'none',
      fetch: (url, init) => app.fetch(new Request(url, init)),
    });
    const request = {
      model: engine.modelId,
      messages: [{ role: 'user' as const, content: 'Tell me a story about a lantern.' }],
      temperature: 0,
      max_tokens: 12,
    };
    const whole = await client.chat.completions.create(request);
    const streamed = await client.chat.completions.stream(request).finalChatCompletion();
    expect(whole.choices[0]!.message.content).toMatch(/\w+ \w+/);
    expect(streamed.choices[0]!.message.content).toBe(whole.choices[0]!.message.content);
    expect(whole.usage).toMatchObject({
      prompt_tokens: engine.chatPrompt(request.messages).length,
      completion_tokens: 12,
    });
  });

  test('log-probabilities are those of the chosen tokens, best first', async () => {
    const { body } = await post(app, '/v1/chat/completions', {
      messages: [{ role: 'user', content: 'Hi' }],
      temperature: 0,
      max_tokens: 4,
      logprobs: true,
      top_logprobs: 3,
    });
    for (const { token, logprob, top_logprobs } of body.choices[0].logprobs.content) {
      expect(top_logprobs[0]).toMatchObject({ token, logprob });
      expect(top_logprobs.map((top: { logprob: number }) => top.logprob)).toEqual(
        top_logprobs.map((top: { logprob: number }) => top.logprob).sort((a: number, b: number) => b - a),
      );
      expect(logprob).toBeLessThanOrEqual(0);
    }
  });

  test('a client that leaves frees its sequence, and the next request is answered', async () => {
    const response = await rawPost(app, '/stream/generate', '{"prompt":"Once","max_tokens":400}');
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
    await until(async () => (await metric(app, 'realizar_requests_in_flight')) === 0);
    expect((await post(app, '/generate', { prompt: 'Once', max_tokens: 2 })).body.num_generated).toBe(2);
  });

  test('/health answers while a generation runs', async () => {
    let running = true;
    const generation = post(app, '/generate', { prompt: 'Once', max_tokens: 100 }).finally(() => (running = false));
    for (let i = 0; i < 5; i++) expect((await get(app, '/health')).status).toBe(200);
    expect(running).toBe(true);
    expect((await generation).body.num_generated).toBeGreaterThan(0);
  });

  test('a prompt longer than the context is refused', async () => {
    const { status, body } = await post(app, '/generate', { prompt: 'lantern '.repeat(600) });
    expect([status, body.error]).toEqual([400, expect.stringContaining('context')]);
  });
});
