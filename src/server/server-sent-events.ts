/** One event as a client sees it. */
export interface ServerSentEvent {
  /** `message` unless the server named it. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events from a response's body, however its bytes are cut. Comments are skipped, and an event that the
 * end cuts off is dropped, as browsers do.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export async function* serverSentEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let event = '';
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (line !== '') {
      const [name, value] = fieldOf(line);
      if (name === 'event') event = value;
      if (name === 'data') data.push(value);
      continue;
    }
    if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
    event = '';
    data = [];
  }
}

function fieldOf(line: string): [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  return [line.slice(0, colon), line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1)];
}

/** Lines that end in \n, \r\n or \r; what follows the last end is no line. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const utf8 = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    rest += utf8.decode(bytes, { stream: true });
    // A \r at the very end may be the first half of \r\n.
    const complete = rest.endsWith('\r') ? rest.length - 1 : rest.length;
    const lines = rest.slice(0, complete).split(/\r\n|\n|\r/);
    rest = lines.pop()! + rest.slice(complete);
    yield* lines;
  }
  if (rest.endsWith('\r')) yield rest.slice(0, -1);
}
