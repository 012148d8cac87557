import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { sseFrame } from '../../src/server/event-stream.ts';
import { serverSentEvents, type ServerSentEvent } from '../../src/server/server-sent-events.ts';

/** The text's bytes, cut at the given places. */
async function* cut(text: string, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

const parsed = (text: string, places: readonly number[] = []): Promise<ServerSentEvent[]> =>
  Array.fromAsync(serverSentEvents(cut(text, places)));

test('what the server writes is read back, however the bytes are cut', async () => {
  const frames = fc.array(
    fc.record({ data: fc.string({ unit: 'grapheme' }), event: fc.constantFrom('token', undefined) }),
  );
  await fc.assert(
    fc.asyncProperty(frames, fc.array(fc.nat()), async (sent, places) => {
      const text = sent.map(({ data, event }) => `: ping\n\n${sseFrame({ data }, event)}`).join('');
      const events = await parsed(text, places);
      expect(events).toEqual(sent.map(({ data, event = 'message' }) => ({ event, data: JSON.stringify({ data }) })));
    }),
  );
});

test.each(['\n', '\r', '\r\n'])('lines may end in %j, wherever it is cut', async (end) => {
  const text = ['event: a', 'data: 1', 'data:2', 'id: 7', 'nothing', '', ': comment', '', 'data: 3', '', ''].join(end);
  for (let place = 0; place < text.length; place++) {
    expect(await parsed(text, [place])).toEqual([
      { event: 'a', data: '1\n2' },
      { event: 'message', data: '3' },
    ]);
  }
});

test('an event that the end cuts off is dropped', async () => {
  expect(await parsed('data: 1\n\ndata: 2\n')).toEqual([{ event: 'message', data: '1' }]);
  expect(await parsed('data: 1\n\nevent: x\r')).toEqual([{ event: 'message', data: '1' }]);
});
