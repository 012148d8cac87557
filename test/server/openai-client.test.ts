import OpenAI, { NotFoundError } from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/server/app.ts';
import { ServedModels } from '../../src/server/served-models.ts';
import { startServer, type RunningServer } from '../../src/server/serve.node.ts';
import { FakeEngine, type FakeOptions } from './support/fake-engine.ts';
import { until } from './support/requests.ts';

const fakes: Record<string, FakeOptions> = {
  polite: { answer: 'Good day 🎩!' },
  'org/endless': { delayMs: 2 },
  breaking: { failAfter: 2 },
};
const messages = [{ role: 'user' as const, content: 'Hello' }];

describe('the official OpenAI client over a socket', () => {
  const engines = new Map<string, FakeEngine>();
  let server: RunningServer;
  let client: OpenAI;

  beforeAll(async () => {
    const models = new ServedModels(
      Object.keys(fakes).map((id) => ({ id, path: '' })),
      ({ id }) => {
        const engine = new FakeEngine({ modelId: id, ...fakes[id] });
        engines.set(id, engine);
        return Promise.resolve(engine);
      },
    );
    server = await startServer({
      app: createApp(models, { pingMs: 5, maxRequests: 8, onError: () => undefined }),
      port: 0,
      graceMs: 0,
    });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
  });
  afterAll(() => server.stop());

  test('chats', async () => {
    const answer = await client.chat.completions.create({ model: 'polite', messages, logprobs: true, top_logprobs: 1 });
    expect(answer.choices[0]!.message.content).toBe('Good day 🎩!');
    expect(answer.choices[0]!.finish_reason).toBe('stop');
    expect(answer.usage!.total_tokens).toBe(answer.usage!.prompt_tokens + 14);
    expect(answer.choices[0]!.logprobs!.content).toHaveLength(14);
    expect(answer._request_id).toMatch(/^[\w-]{36}$/);
  });

  test('streams, with usage, an emoji that is split over tokens whole', async () => {
    const stream = await client.chat.completions.create({
      model: 'polite',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const pieces: string[] = [];
    let usage;
    for await (const chunk of stream) {
      const content = chunk.choices[0]?.delta.content;
      if (content) pieces.push(content);
      usage = chunk.usage ?? usage;
    }
    expect(pieces.join('')).toBe('Good day 🎩!');
    expect(pieces).toContain('🎩');
    expect(usage?.completion_tokens).toBe(14);
  });

  test('its stream helper assembles the same, with three choices', async () => {
    const stream = client.chat.completions.stream({ model: 'polite', messages, n: 3, stop: ['!'] });
    const { choices } = await stream.finalChatCompletion();
    expect(choices.map(({ message, finish_reason }) => [message.content, finish_reason])).toEqual(
      Array.from({ length: 3 }, () => ['Good day 🎩', 'stop']),
    );
  });

  test('chooses among the models by name, slashes and all', async () => {
    const ids = (await client.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(['polite', 'org/endless', 'breaking']);
    expect((await client.models.retrieve('org/endless')).id).toBe('org/endless');
    const answer = await client.chat.completions.create({
      model: 'org/endless',
      messages,
      max_completion_tokens: 3,
      seed: 7,
    });
    expect([answer.model, answer.choices[0]!.finish_reason]).toEqual(['org/endless', 'length']);
  });

  test('hears of errors in its own words', async () => {
    const none = client.chat.completions.create({ model: 'none', messages });
    await expect(none).rejects.toBeInstanceOf(NotFoundError);
    await expect(none).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
      requestID: expect.any(String),
    });
    const wrong = client.chat.completions.create({ model: 'polite', messages, temperature: 5 });
    await expect(wrong).rejects.toMatchObject({ status: 400, param: 'temperature', type: 'invalid_request_error' });
  });

  test('hears of a failure in mid-stream, and does not take the stream for complete', async () => {
    const stream = await client.chat.completions.create({ model: 'breaking', messages, stream: true });
    const pieces: string[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of stream) pieces.push(chunk.choices[0]!.delta.content ?? '');
    };
    await expect(read()).rejects.toMatchObject({ code: 'internal_error' });
    expect(pieces).toHaveLength(3);
  });

  test('aborts, and the sequence is freed', async () => {
    const stream = await client.chat.completions.create({ model: 'org/endless', messages, stream: true });
    const engine = engines.get('org/endless')!;
    let received = 0;
    for await (const _ of stream) if (++received === 3) break;
    await until(() => engine.running === 0);
    expect(engine.calls.at(-1)!.state).toBe('cancelled');
  });

  test('retries a full server when told to, and succeeds when there is room', async () => {
    const stream = await client.chat.completions.create({ model: 'org/endless', messages, stream: true, n: 8 });
    const patient = client.chat.completions.create({ model: 'polite', messages }, { maxRetries: 1 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    stream.controller.abort();
    expect((await patient).choices[0]!.message.content).toBe('Good day 🎩!');
  });
});
