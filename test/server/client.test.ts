import { expect, test } from 'vitest';
import { streamGenerate, type StreamedToken } from '../../src/server/client.ts';
import type { FakeOptions } from './support/fake-engine.ts';
import { fakeApp, post, until } from './support/requests.ts';

function clientOf(fake: FakeOptions) {
  const { app, engine } = fakeApp(fake);
  const options = { fetch: (url: string, init: RequestInit) => app.fetch(new Request(url, init)) };
  return {
    app,
    engine,
    generate: (request: Parameters<typeof streamGenerate>[1]) => streamGenerate('http://localhost/', request, options),
  };
}

async function drain(
  stream: AsyncGenerator<StreamedToken, { num_generated: number }>,
): Promise<{ text: string; num_generated: number }> {
  let text = '';
  for (;;) {
    const { done, value } = await stream.next();
    if (done) return { text, ...value };
    text += value.text;
  }
}

test('the client posts and yields the tokens of the stream, and at its end their number', async () => {
  const { app, generate } = clientOf({ answer: 'so — it 🎩 was' });
  const whole = (await post(app, '/generate', { prompt: 'a' })).body;
  expect(await drain(generate({ prompt: 'a' }))).toEqual({
    text: whole.text.slice(1),
    num_generated: whole.num_generated,
  });
});

test('a refusal is an error in the server’s words', async () => {
  await expect(drain(clientOf({}).generate({ prompt: '' }))).rejects.toMatchObject({
    code: 'invalid-argument',
    message: 'Prompt cannot be empty',
  });
});

test('an error event is an error', async () => {
  await expect(drain(clientOf({ failAfter: 1 }).generate({ prompt: 'a' }))).rejects.toMatchObject({
    code: 'io-failed',
    message: 'internal error',
  });
});

const cut = () => Promise.resolve(new Response('event: token\ndata: {"token_id":1,"text":"a"}\n\n'));

test('a stream that just ends is an error: it was cut off', async () => {
  await expect(drain(streamGenerate('http://localhost', { prompt: 'a' }, { fetch: cut }))).rejects.toMatchObject({
    code: 'io-failed',
  });
});

test('leaving the loop ends the generation on the server', async () => {
  const { engine, generate } = clientOf({ delayMs: 2 });
  for await (const _ of generate({ prompt: 'a', max_tokens: 4000 })) break;
  await until(() => engine.calls[0]!.state === 'cancelled');
});
