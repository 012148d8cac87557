const PING = new TextEncoder().encode(': ping\n\n');

/** One server-sent event, ready to be written. @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const sseFrame = (data: unknown, event?: string): string =>
  `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

export interface EventStreamOptions {
  /** Milliseconds between comments that keep proxies and clients from giving up on a silent stream. */
  readonly pingMs: number;
  /** The client left before the end. */
  readonly onCancel: () => void;
  /** The frames have ended, whatever the reason. */
  readonly onEnd: () => void;
}

/**
 * A response of frames, written as they come. The client's pace never holds up who makes them for others: a slow reader
 * only leaves its own frames waiting.
 */
export function eventStream(frames: AsyncIterable<string>, { pingMs, onCancel, onEnd }: EventStreamOptions): Response {
  const iterator = frames[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let ping: ReturnType<typeof setInterval>;
  let ended = false;
  const end = (): void => {
    clearInterval(ping);
    if (!ended) onEnd();
    ended = true;
  };

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      ping = setInterval(() => {
        if (controller.desiredSize! > 0) controller.enqueue(PING);
      }, pingMs);
    },
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (!done) return controller.enqueue(encoder.encode(value));
        end();
        controller.close();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    async cancel() {
      onCancel();
      await iterator.return?.();
      end();
    },
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    },
  });
}
