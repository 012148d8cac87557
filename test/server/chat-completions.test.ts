import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventsOf, fakeApp, get, metric, post, rawPost, until } from './support/requests.ts';

const path = '/v1/chat/completions';
const hello = { messages: [{ role: 'user', content: 'hello' }] };

describe('an answer', () => {
  test('has OpenAI shape, and the usage adds up', async () => {
    const { app } = fakeApp({ answer: 'Hi there', modelId: 'org/model' });
    const { status, body } = await post(app, path, { ...hello, model: 'org/model' });
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.stringMatching(/^chatcmpl-/),
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'org/model',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hi there', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 12, completion_tokens: 8, total_tokens: 20 },
    });
  });

  test('is neutral in its sampling unless told otherwise', async () => {
    const { app, engine } = fakeApp({ answer: '' });
    await post(app, path, hello);
    expect(engine.calls[0]!.options).toMatchObject({
      temperature: 1,
      topP: 1,
      topK: 0,
      minP: 0,
      typicalP: 1,
      repetitionPenalty: 1,
      presencePenalty: 0,
      frequencyPenalty: 0,
      stop: [],
      rng: 'counter',
    });
    expect(engine.calls[0]!.options.maxTokens).toBeUndefined();
    expect(engine.calls[0]!.options.seed).toBeUndefined();
  });

  test('takes the sampling parameters of OpenAI and llama.cpp', async () => {
    const { app, engine } = fakeApp({ answer: '' });
    await post(app, path, {
      ...hello,
      temperature: 0.5,
      top_p: 0.8,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      seed: 5,
      logit_bias: { 65: -100, 66: 1.5 },
      stop: 'x',
      top_k: 4,
      min_p: 0.05,
      typical_p: 0.9,
      repeat_penalty: 1.1,
      repeat_last_n: 32,
      samplers: ['top_k', 'typ_p', 'temperature', 'top_k'],
      ignore_eos: true,
      mirostat: 2,
      max_tokens: 1,
    });
    expect(engine.calls[0]!.options).toMatchObject({
      temperature: 0.5,
      topP: 0.8,
      presencePenalty: 0.1,
      frequencyPenalty: 0.2,
      seed: 5n,
      logitBias: new Map([
        [65, -Infinity],
        [66, 1.5],
      ]),
      stop: ['x'],
      topK: 4,
      minP: 0.05,
      typicalP: 0.9,
      repetitionPenalty: 1.1,
      penaltyLastN: 32,
      samplers: ['top-k', 'typical', 'temperature'],
      ignoreEos: true,
      mirostat: 2,
    });
  });

  test('null means left out', async () => {
    const { app, engine } = fakeApp({ answer: '' });
    const nulls = Object.fromEntries(
      [
        'temperature',
        'top_p',
        'n',
        'stop',
        'max_tokens',
        'seed',
        'logit_bias',
        'logprobs',
        'tools',
        'response_format',
        'stream',
        'stream_options',
        'model',
        'top_k',
        'grammar',
      ].map((name) => [name, null]),
    );
    expect((await post(app, path, { ...hello, ...nulls })).status).toBe(200);
    expect(engine.calls[0]!.options).toMatchObject({ temperature: 1, topP: 1 });
  });

  test('max_completion_tokens wins over max_tokens, and the finish reason is length', async () => {
    const { app } = fakeApp();
    const { body } = await post(app, path, { ...hello, max_tokens: 9, max_completion_tokens: 4 });
    expect([body.usage.completion_tokens, body.choices[0].finish_reason]).toEqual([4, 'length']);
  });

  test.each([['b c'], [['zz', 'b c']]])('stop %j ends it and is not part of it', async (stop) => {
    const { app } = fakeApp({ answer: 'a b c d' });
    const { body } = await post(app, path, { ...hello, stop });
    expect([body.choices[0].message.content, body.choices[0].finish_reason]).toEqual(['a ', 'stop']);
  });

  test('a banned token never appears', async () => {
    const { app } = fakeApp();
    const bias = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [97 + i, -100]));
    const { body } = await post(app, path, { ...hello, max_tokens: 10, logit_bias: bias });
    expect(body.choices[0].message.content).toBe('0000000000');
  });

  test('one seed gives one text, another gives another', async () => {
    const { app } = fakeApp();
    const textOf = async (seed: number): Promise<string> =>
      (await post(app, path, { ...hello, max_tokens: 8, seed })).body.choices[0].message.content;
    expect(await textOf(1)).toBe(await textOf(1));
    expect(await textOf(1)).not.toBe(await textOf(2));
  });

  test('n choices run at once, each from its own seed, and all are counted', async () => {
    const { app, engine } = fakeApp();
    const { body } = await post(app, path, { ...hello, n: 3, seed: -1, max_tokens: 5 });
    expect(body.choices.map(({ index }: { index: number }) => index)).toEqual([0, 1, 2]);
    expect(new Set(body.choices.map((choice: { message: { content: string } }) => choice.message.content)).size).toBe(
      3,
    );
    expect(engine.calls.map(({ options }) => options.seed)).toEqual([2n ** 64n - 1n, 0n, 1n]);
    expect(engine.mostRunning).toBe(3);
    expect(body.usage).toEqual({ prompt_tokens: 12, completion_tokens: 15, total_tokens: 27 });
  });

  test('logprobs come with bytes, which joined are the content', async () => {
    const { app } = fakeApp({ answer: 'é!' });
    const { body } = await post(app, path, { ...hello, logprobs: true, top_logprobs: 2 });
    const [choice] = body.choices;
    expect(choice.logprobs.content).toHaveLength(3);
    const bytes = choice.logprobs.content.flatMap((one: { bytes: number[] }) => one.bytes);
    expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(choice.message.content);
    expect(choice.logprobs.content[2]).toEqual({
      token: '!',
      logprob: -0.5,
      bytes: [33],
      top_logprobs: [
        { token: 'A', logprob: -0.5, bytes: [65] },
        { token: 'B', logprob: -9999, bytes: [66] },
      ],
    });
  });

  test('logprobs alone report the chosen tokens', async () => {
    const { app } = fakeApp({ answer: 'a' });
    const { body } = await post(app, path, { ...hello, logprobs: true });
    expect(body.choices[0].logprobs.content).toEqual([{ token: 'a', logprob: -0.5, bytes: [97], top_logprobs: [] }]);
  });
});

const messagesSeen = async (messages: unknown, more: object = {}) => {
  const { app, engine } = fakeApp({ answer: '' });
  const { status } = await post(app, path, { messages, ...more });
  expect(status).toBe(200);
  return engine.calls[0]!;
};

describe('messages', () => {
  test('text parts are joined', async () => {
    const { messages } = await messagesSeen([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ]);
    expect(messages).toEqual([{ role: 'user', content: 'ab' }]);
  });

  test('every role and tool call reaches the template', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } };
    const { messages } = await messagesSeen([
      { role: 'developer', content: 'be brief', name: 'dev' },
      { role: 'user', content: 'x' },
      { role: 'assistant', content: null, tool_calls: [call], refusal: null },
      { role: 'tool', content: 'y', tool_call_id: 'call_1' },
    ]);
    expect(messages).toEqual([
      { role: 'developer', content: 'be brief', name: 'dev' },
      { role: 'user', content: 'x' },
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', content: 'y', tool_call_id: 'call_1' },
    ]);
  });

  test('tools reach the template, unless the choice is none', async () => {
    const tools = [{ type: 'function', function: { name: 'f', description: 'd', parameters: { type: 'object' } } }];
    expect((await messagesSeen(hello.messages, { tools })).options.tools).toEqual(tools);
    expect((await messagesSeen(hello.messages, { tools, tool_choice: 'auto' })).options.tools).toEqual(tools);
    expect((await messagesSeen(hello.messages, { tools, tool_choice: 'none' })).options.tools).toBeUndefined();
  });

  test('variables for the template pass, those of the engine do not', async () => {
    expect(
      (await messagesSeen(hello.messages, { chat_template_kwargs: { enable_thinking: false } })).options
        .templateOptions,
    ).toEqual({ enable_thinking: false });
    const { app } = fakeApp();
    for (const chat_template_kwargs of [
      { messages: 'x' },
      { add_generation_prompt: false },
      { constructor: { a: 1 } },
      { 'a b': 1 },
    ]) {
      expect((await post(app, path, { ...hello, chat_template_kwargs })).status).toBe(400);
    }
  });
});

describe('a request that cannot be right', () => {
  test.each([
    [{ messages: null }, 'messages'],
    [{ messages: 'x' }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: [123] }, 'messages.0'],
    [{ messages: [{}] }, 'messages.0.role'],
    [{ messages: [{ role: 123, content: 'x' }] }, 'messages.0.role'],
    [{ messages: [{ role: 'user', content: 123 }] }, 'messages.0.content'],
    [{ messages: [{ role: 'user', content: null }] }, 'messages.0.content'],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, 'messages.0.content'],
    [{ temperature: -1 }, 'temperature'],
    [{ temperature: 2.1 }, 'temperature'],
    [{ top_p: 1.1 }, 'top_p'],
    [{ top_k: -1 }, 'top_k'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ max_tokens: '5' }, 'max_tokens'],
    [{ max_completion_tokens: 0 }, 'max_completion_tokens'],
    [{ n: 0 }, 'n'],
    [{ n: 9 }, 'n'],
    [{ n: 1e9 }, 'n'],
    [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ stop: Array.from({ length: 17 }, () => 'x') }, 'stop'],
    [{ stop: '' }, 'stop'],
    [{ stop: [''] }, 'stop.0'],
    [{ stop: 'x'.repeat(1e6) }, 'stop'],
    [{ seed: '18446744073709551616' }, 'seed'],
    [{ seed: 1.5 }, 'seed'],
    [{ logit_bias: { 65: 101 } }, 'logit_bias.65'],
    [{ logit_bias: { abc: 1 } }, 'logit_bias.abc'],
    [{ logit_bias: { 257: 1 } }, 'logit_bias'],
    [{ logit_bias: Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [i, 1])) }, 'logit_bias'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream_options: { include_usage: true } }, 'stream_options'],
    [{ response_format: { type: 'json_object' } }, 'response_format.type'],
    [{ response_format: { type: 'json_schema', json_schema: {} } }, 'response_format.type'],
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tool_choice: { type: 'function', function: { name: 'f' } } }, 'tool_choice'],
    [{ tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] }, 'tools.0.function.parameters'],
    [{ grammar: 'root ::= "a"' }, 'grammar'],
    [{ chat_template: '{{ 7*7 }}' }, 'chat_template'],
    [{ samplers: ['nope'] }, 'samplers.0'],
  ])('%j is 400 and names %s', async (fields, param) => {
    const { app, engine } = fakeApp();
    const { status, body } = await post(app, path, { ...hello, ...fields });
    expect([status, body.error.param, body.error.type, body.error.code]).toEqual([
      400,
      param,
      'invalid_request_error',
      'invalid_value',
    ]);
    expect(engine.calls).toEqual([]);
  });

  test('what is not supported yet says so', async () => {
    const { body } = await post(fakeApp().app, path, { ...hello, response_format: { type: 'json_object' } });
    expect(body.error.message).toBe(
      'response_format.type: a response format of another type than text is not supported yet',
    );
  });

  test('an unknown model is 404 model_not_found', async () => {
    const { status, body } = await post(fakeApp().app, path, { ...hello, model: 'gpt-4o' });
    expect([status, body.error.code, body.error.param, body.error.type]).toEqual([
      404,
      'model_not_found',
      'model',
      'invalid_request_error',
    ]);
  });

  test.each([false, true])(
    'a context that is too small is 400 context_length_exceeded, streamed (%j) or not',
    async (stream) => {
      const { app } = fakeApp({ contextLength: 10 });
      const { status, body } = await post(app, path, { ...hello, stream });
      expect([status, body.error.code]).toEqual([400, 'context_length_exceeded']);
      const huge = await post(app, path, { messages: [{ role: 'user', content: 'x'.repeat(10_000) }], stream });
      expect([huge.status, huge.body.error.code]).toEqual([400, 'context_length_exceeded']);
    },
  );

  test('a template that refuses is 400 with its words', async () => {
    const { status, body } = await post(fakeApp().app, path, { messages: [{ role: 'user', content: 'raise' }] });
    expect([status, body.error.message, body.error.code]).toEqual([400, 'the template says no', 'template_error']);
  });
});

const chunksOf = async (fields: object, fake = {}) =>
  eventsOf((await post(fakeApp(fake).app, path, { ...hello, stream: true, ...fields })).body);

describe('a stream', () => {
  test('has the role first, then text, a finish reason, and [DONE]', async () => {
    const events = await chunksOf({}, { answer: 'Hi' });
    expect(events.map(({ event }) => event)).toEqual(Array(5).fill('message'));
    const chunks = events.slice(0, -1).map(({ data }) => data);
    expect(chunks.map(({ choices }) => choices[0].delta)).toEqual([
      { role: 'assistant', content: '' },
      { content: 'H' },
      { content: 'i' },
      {},
    ]);
    expect(chunks.map(({ choices }) => choices[0].finish_reason)).toEqual([null, null, null, 'stop']);
    expect(events.at(-1)!.data).toBe('[DONE]');
    for (const chunk of chunks)
      expect(chunk).toMatchObject({
        id: chunks[0].id,
        created: chunks[0].created,
        model: 'fake',
        object: 'chat.completion.chunk',
      });
    for (const chunk of chunks) expect(chunk).not.toHaveProperty('usage');
  });

  test('ends with the usage when asked for, and has null before', async () => {
    const events = await chunksOf({ stream_options: { include_usage: true } }, { answer: 'Hi' });
    const chunks = events.slice(0, -1).map(({ data }) => data);
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 12, completion_tokens: 2, total_tokens: 14 },
    });
    for (const chunk of chunks.slice(0, -1)) expect(chunk.usage).toBeNull();
  });

  test('says the same as the whole answer, for any text, stop and number of choices', async () => {
    const request = fc.record({
      answer: fc.string({ unit: 'grapheme', maxLength: 12 }),
      n: fc.integer({ min: 1, max: 3 }),
      stop: fc.string({ minLength: 1, maxLength: 2 }),
      max_tokens: fc.integer({ min: 1, max: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ answer, ...fields }) => {
        const whole = (await post(fakeApp({ answer }).app, path, { ...hello, ...fields })).body;
        const chunks = (await chunksOf(fields, { answer })).slice(0, -1).map(({ data }) => data.choices[0]);
        for (const { index, message, finish_reason } of whole.choices) {
          const own = chunks.filter((choice) => choice.index === index);
          expect(own.map(({ delta }) => delta.content ?? '').join('')).toBe(message.content);
          expect(own.map((choice) => choice.finish_reason).filter(Boolean)).toEqual([finish_reason]);
          expect(own.filter(({ delta }) => delta.role)).toHaveLength(1);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('choices interleave', async () => {
    const events = await chunksOf({ n: 2, max_tokens: 3 }, { delayMs: 1 });
    const order = events.slice(2, -1).map(({ data }) => data.choices[0].index);
    expect(order.slice(0, 4).toSorted((a, b) => a - b)).toEqual([0, 0, 1, 1]);
  });

  test('carries logprobs with the token, also where the token has no text yet', async () => {
    const events = await chunksOf({ logprobs: true }, { answer: 'é' });
    const deltas = events
      .slice(1, -2)
      .map(({ data }) => [data.choices[0].delta.content, data.choices[0].logprobs.content[0].bytes]);
    expect(deltas).toEqual([
      ['', [0xc3]],
      ['é', [0xa9]],
    ]);
  });

  test('that breaks ends with an error record and without [DONE]', async () => {
    const { app } = fakeApp({ failAfter: 1 });
    const events = eventsOf((await post(app, path, { ...hello, stream: true, n: 2 })).body);
    expect(events.at(-1)!.data).toEqual({
      error: { message: 'internal error', type: 'server_error', param: null, code: 'internal_error' },
    });
    expect(events.filter(({ data }) => data === '[DONE]')).toEqual([]);
    expect(await metric(app, 'realizar_requests_in_flight')).toBe(0);
  });

  test('that its client leaves stops all choices', async () => {
    const { app, engine } = fakeApp({ delayMs: 2 });
    const response = await rawPost(app, path, JSON.stringify({ ...hello, stream: true, n: 3 }));
    const reader = response.body!.getReader();
    for (let i = 0; i < 5; i++) await reader.read();
    await reader.cancel();
    await until(() => engine.calls.length === 3 && engine.running === 0);
    expect(await metric(app, 'realizar_requests_in_flight')).toBe(0);
  });
});

describe('GET /v1/models', () => {
  test('lists the models, and finds one by an id with slashes, encoded or not', async () => {
    const { app } = fakeApp({ modelId: 'org/model' });
    const model = { id: 'org/model', object: 'model', created: expect.any(Number), owned_by: 'realizar' };
    expect((await get(app, '/v1/models')).body).toEqual({ object: 'list', data: [model] });
    expect((await get(app, '/v1/models/org/model')).body).toEqual(model);
    expect((await get(app, '/v1/models/org%2Fmodel')).body).toEqual(model);
    const missing = await get(app, '/v1/models/none');
    expect([missing.status, missing.body.error.code]).toEqual([404, 'model_not_found']);
  });
});
